/**
 * Runs the Solidity tests (fuzz and invariants, `test/*.t.sol`) with forge, which gets solc-js for a compiler so that it
 * downloads nothing. Only Linux on x64 has forge in its packages.
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ResourceError } from '@cairn/primitives'

const PACKAGE = join(import.meta.dirname, '..', '..')
const ROOT = join(PACKAGE, '..', '..')
const execute = promisify(execFile)

export interface ForgeRun {
  /** Random sequences. */
  readonly runs: number
  /** Calls in each. */
  readonly depth: number
  readonly seed: number
}

export interface ForgeReport {
  /** Whether all tests passed, as forge's exit status says. */
  readonly ok: boolean
  /** Names of the tests that passed. */
  readonly passed: readonly string[]
  /** Calls of the invariant's sequences, and how many of them were refused. */
  readonly calls: number
  readonly refused: number
  readonly output: string
}

/** Compiles and runs the Solidity tests. Throws `ResourceError` (`ForgeMissing`) where forge is not installed. */
export async function runForge({ runs, depth, seed }: ForgeRun): Promise<ForgeReport> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-solc-'))
  const compiler = join(folder, 'solc')
  writeFileSync(compiler, `#!/bin/sh\nexec '${process.execPath}' '${join(PACKAGE, 'build', 'solc.ts')}' "$@"\n`)
  chmodSync(compiler, 0o755)
  const env = {
    ...process.env,
    FOUNDRY_CONFIG: join(PACKAGE, 'foundry.toml'),
    FOUNDRY_INVARIANT_RUNS: String(runs),
    FOUNDRY_INVARIANT_DEPTH: String(depth),
    // Forge repeats failures that it finds here. Ours come from the seed alone.
    FOUNDRY_FUZZ_FAILURE_PERSIST_DIR: folder,
    FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR: folder,
    NO_COLOR: '1',
  }
  const options = ['test', '--root', ROOT, '--use', compiler, '--fuzz-seed', `0x${seed.toString(16)}`]
  try {
    const { stdout } = await execute(forgeCommand(), options, { cwd: ROOT, env, maxBuffer: 2 ** 26 })
    return report(true, stdout)
  } catch (error) {
    // A failed test is an exit status; the output says which.
    if (error instanceof Error && 'stdout' in error && 'stderr' in error) {
      return report(false, `${error.stdout}${error.stderr}`)
    }
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function forgeCommand(): string {
  try {
    const require = createRequire(import.meta.url)
    return join(require.resolve('@foundry-rs/forge-linux-amd64/package.json'), '..', 'bin', 'forge')
  } catch (cause) {
    throw new ResourceError('ForgeMissing', 'The Solidity tests need forge.', {
      expected: 'the optional package @foundry-rs/forge-linux-amd64',
      found: `none on ${process.platform}-${process.arch}`,
      fix: 'Run them on Linux on x64, after npm ci.',
      cause,
    })
  }
}

function report(ok: boolean, output: string): ForgeReport {
  const passed = [...output.matchAll(/\[PASS\] (\w+)\(/g)].map(([, name]) => name!)
  const [, calls = '0', refused = '0'] = /calls: (\d+), reverts: (\d+)/.exec(output) ?? []
  return { ok, passed, calls: Number(calls), refused: Number(refused), output }
}
