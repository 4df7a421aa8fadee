/**
 * Slow check: in a fresh clone `npm ci && npm run demo` succeeds twice in a row, each time under five minutes after the
 * install, ends in the same state, and meets the marks for loss and words. With --workers, 1, 2 and 3 workers and
 * `cairn train` on the same job file end in the same state instead.
 * Run: node e2e/slow/demo-time.ts [--workers]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const LIMIT_SECONDS = 300
const LOSS_LIMIT = 2.2
const WORDS_LIMIT = 0.6
const JOB = 'examples/state-of-the-union/job.yaml'
const repository = fileURLToPath(new URL('../..', import.meta.url))

interface Run {
  readonly name: string
  readonly finalStateRoot: string
  readonly validationLoss: number
  readonly seconds: number
  /** Of the demo only, as the rest. */
  readonly knownWords?: number
  readonly payments?: readonly { readonly amount: string }[]
}

/** Runs an npm script of the clone and returns what it printed, with the seconds it took. */
function npmRun(clone: string, script: string, args: readonly string[]): { lines: string[]; seconds: number } {
  const began = performance.now()
  const output = execFileSync('npm', ['run', '--silent', script, '--', ...args], {
    cwd: clone,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  return { lines: output.trimEnd().split('\n'), seconds: (performance.now() - began) / 1000 }
}

function demo(clone: string, workers: number): Run {
  const { lines, seconds } = npmRun(clone, 'demo', ['--json', '--workers', String(workers)])
  const [words, summary] = lines.slice(-2).map(line => JSON.parse(line))
  return { ...summary, ...words, name: `demo, workers: ${workers}`, seconds }
}

function train(clone: string): Run {
  const { lines, seconds } = npmRun(clone, 'cairn', ['train', JOB, '--out', 'out/alone', '--json'])
  return { ...JSON.parse(lines.at(-1) as string), name: 'cairn train', seconds }
}

function show({ name, seconds, validationLoss, knownWords, finalStateRoot, payments }: Run): void {
  const words = knownWords === undefined ? [] : [`${(100 * knownWords).toFixed(1)} % of words known`]
  console.log(
    [name, `${seconds.toFixed(0)} s`, `validation loss ${validationLoss.toFixed(4)}`, ...words, finalStateRoot].join(
      '  ',
    ),
  )
  if (payments === undefined) return
  const paid = payments.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  console.log(`  paid ${payments.map(({ amount }) => amount).join(' + ')} = ${paid}`)
}

const isGood = ({ seconds, validationLoss, knownWords = 1 }: Run): boolean =>
  seconds < LIMIT_SECONDS && validationLoss <= LOSS_LIMIT && knownWords >= WORDS_LIMIT

const { values } = parseArgs({ options: { workers: { type: 'boolean', default: false } } })
const directory = mkdtempSync(join(tmpdir(), 'cairn-demo-'))
try {
  const clone = join(directory, 'cairn')
  execFileSync('git', ['clone', '--quiet', repository, clone])
  execFileSync('npm', ['ci', '--silent'], { cwd: clone, stdio: 'inherit' })
  const runs = values.workers
    ? [...[1, 2, 3].map(workers => demo(clone, workers)), train(clone)]
    : [demo(clone, 3), demo(clone, 3)]
  runs.forEach(show)
  const isSame = new Set(runs.map(({ finalStateRoot }) => finalStateRoot)).size === 1
  console.log(runs.every(isGood) && isSame ? 'ok' : 'FAILED')
  process.exitCode = runs.every(isGood) && isSame ? 0 : 1
} finally {
  rmSync(directory, { recursive: true })
}
