/**
 * Slow check: in a fresh clone `npm ci && npm run demo` succeeds twice in a row, each time under five minutes after the
 * install, ends in the same state, and meets the marks for loss and words. Run: node e2e/slow/demo-time.ts
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LIMIT_SECONDS = 300
const LOSS_LIMIT = 2.2
const WORDS_LIMIT = 0.6
const repository = fileURLToPath(new URL('../..', import.meta.url))

interface Run {
  readonly finalStateRoot: string
  readonly validationLoss: number
  readonly seconds: number
  readonly knownWords: number
}

function demo(clone: string): Run {
  const began = performance.now()
  const output = execFileSync('npm', ['run', '--silent', 'demo', '--', '--json'], {
    cwd: clone,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  const summary = JSON.parse(output.trimEnd().split('\n').at(-1) as string)
  const words = [...output.matchAll(/"knownWords":([0-9.]+)/g)].at(-1)?.[1]
  return { ...summary, seconds: (performance.now() - began) / 1000, knownWords: Number(words) }
}

const directory = mkdtempSync(join(tmpdir(), 'cairn-demo-'))
try {
  const clone = join(directory, 'cairn')
  execFileSync('git', ['clone', '--quiet', repository, clone])
  execFileSync('npm', ['ci', '--silent'], { cwd: clone, stdio: 'inherit' })
  const runs = [demo(clone), demo(clone)]
  for (const { seconds, validationLoss, knownWords, finalStateRoot } of runs) {
    console.log(
      `${seconds.toFixed(0)} s, validation loss ${validationLoss.toFixed(4)}, ${(100 * knownWords).toFixed(1)} % of words known, ${finalStateRoot}`,
    )
  }
  const good = runs.every(
    r => r.seconds < LIMIT_SECONDS && r.validationLoss <= LOSS_LIMIT && r.knownWords >= WORDS_LIMIT,
  )
  const same = runs[0]?.finalStateRoot === runs[1]?.finalStateRoot
  console.log(good && same ? 'ok' : 'FAILED')
  process.exitCode = good && same ? 0 : 1
} finally {
  rmSync(directory, { recursive: true })
}
