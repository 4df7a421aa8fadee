/**
 * Slow check: a job ends in the same state under Node 22 and Node 24. Installs both from the npm registry into a
 * temporary directory and runs the real command with each. Run: node e2e/slow/node-versions.ts (Linux x64 or arm64)
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** 22.13 is the oldest that Cairn supports; it needs a flag for TypeScript, which the launcher adds. */
const VERSIONS = ['22.13.1', '22.23.3', '24.21.0']
const launcher = fileURLToPath(new URL('../../packages/cli/bin/cairn.js', import.meta.url))

const job = (text: string) => `apiVersion: cairn/v1
name: node-versions
model: { kind: llama, layers: 2, heads: 4, kvHeads: 2, width: 32, hiddenWidth: 48, context: 32, dropout: 0.1 }
data: { kind: text, source: ${text}, tokeniser: characters }
optimiser: { learningRate: 0.003, warmupSteps: 3 }
schedule: { replicas: 2, innerSteps: 20, rounds: 2, batch: 4 }
seed: 3
`

function nodeBinary(directory: string, version: string): string {
  const name = `node-linux-${process.arch}`
  const prefix = join(directory, version)
  execFileSync('npm', ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', `${name}@${version}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(prefix, 'node_modules', name, 'bin', 'node')
}

function finalStateRoot(node: string, jobFile: string, out: string): string {
  execFileSync(node, [launcher, 'train', jobFile, '--out', out, '--threads', '2', '--json'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return JSON.parse(readFileSync(join(out, 'receipt.json'), 'utf8')).finalStateRoot
}

const directory = mkdtempSync(join(tmpdir(), 'cairn-node-versions-'))
try {
  writeFileSync(join(directory, 'text.txt'), 'A cairn is a pile of stones that many hands build. '.repeat(200))
  const jobFile = join(directory, 'job.yaml')
  writeFileSync(jobFile, job('text.txt'))
  const roots = VERSIONS.map(version => {
    const root = finalStateRoot(nodeBinary(directory, version), jobFile, join(directory, `out-${version}`))
    console.log(`Node ${version}: ${root}`)
    return root
  })
  const same = new Set(roots).size === 1
  console.log(same ? 'the same final state root' : 'DIFFERENT final state roots')
  process.exitCode = same ? 0 : 1
} finally {
  rmSync(directory, { recursive: true })
}
