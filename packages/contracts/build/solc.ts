/**
 * Poses as the native `solc` that forge calls, with solc-js inside: `--version` and `--standard-json`. Forge would
 * otherwise download a compiler. Forge hands over all sources, so that nothing has to be found here.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

interface Solc {
  version(): string
  compile(input: string): string
}

const solc = createRequire(import.meta.url)('solc') as Solc
const isVersion = process.argv.includes('--version')

process.stdout.write(
  isVersion
    ? `solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`
    : solc.compile(readFileSync(0, 'utf8')),
)
