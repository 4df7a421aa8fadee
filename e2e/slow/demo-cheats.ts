/**
 * Slow check: every kind of cheat that the demo has, as a person runs it, on a job that trains in a second: what comes of it is
 * what is to come of it, nobody honest loses anything, every balance is right, and the final root is that of an honest run.
 * Run: node e2e/slow/demo-cheats.ts [--only PARTS-OF-NAMES,...] [--keep]
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { DEMO_CHEATS, type DemoCheat } from '../zoo/demo-cheats.ts'

const DEMO = fileURLToPath(new URL('../../examples/state-of-the-union/demo.ts', import.meta.url))
/** Long enough for an audit on a busy machine; a side of a game has six times as long. */
const CHALLENGE_SECONDS = '15'

const jobFor = ({ isLookedAtTwice }: DemoCheat): string => `apiVersion: cairn/v1
name: cheated
seed: 5
model: { kind: gpt, layers: 1, heads: 2, width: 16, context: 16 }
data: { kind: text, source: text.txt, tokeniser: bytes }
optimiser: { learningRate: 0.003 }
schedule: { replicas: 3, innerSteps: 20, rounds: 3, batch: 2, checkpoints: 1 }
evaluation: { batches: 1 }
verification: { policy: audit, rate: 1, verifiers: ${isLookedAtTwice ? 2 : 1} }
`

interface Summary {
  readonly isMet: boolean
  readonly isSameRoot: boolean
  readonly caughtBy: readonly string[]
  readonly lost: string
  readonly wonBack: string
  readonly disputes: readonly { readonly state: string }[]
}

interface Played {
  readonly cheat: DemoCheat
  readonly seconds: number
  readonly code: number | null
  /** None where the demo came to no end. */
  readonly summary?: Summary
  readonly said: string
}

async function play(cheat: DemoCheat, directory: string): Promise<Played> {
  const lines = Array.from({ length: 150 }, (_, n) => `Stone ${n} was laid on the cairn by ${(n * n) % 7} hands.`)
  writeFileSync(join(directory, 'text.txt'), lines.join('\n'))
  const job = join(directory, 'job.yaml')
  writeFileSync(job, jobFor(cheat))
  const where = ['--out', join(directory, 'out'), '--job', job, '--challenge-seconds', CHALLENGE_SECONDS]
  const began = performance.now()
  const args = [DEMO, '--cheat', cheat.name, ...where, '--threads-per-worker', '1', '--json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = new Promise<number | null>(resolve => child.on('close', resolve))
  const [out, said] = await Promise.all([text(child.stdout), text(child.stderr)])
  const last = out.trimEnd().split('\n').at(-1)
  const { cheat: summary } = (last ? JSON.parse(last) : {}) as { cheat?: Summary }
  return { cheat, code: await closed, seconds: (performance.now() - began) / 1000, ...(summary && { summary }), said }
}

const isGood = ({ code, summary }: Played): boolean => code === 0 && !!summary?.isMet && summary.isSameRoot

const HEADING = ['kind', 'disputes', 'caught by', 'lost', 'of that won back', 'same root', 'seconds']

function rowOf(played: Played): string {
  const { cheat, seconds, summary } = played
  const { disputes = [], caughtBy = [], lost = '', wonBack = '', isSameRoot = false } = summary ?? {}
  const states = disputes.map(({ state }) => state).join(', ') || 'none'
  const cells = [cheat.name, states, caughtBy.join(', ') || 'nobody', lost, wonBack, isSameRoot ? 'yes' : 'NO']
  return `| ${[...cells, seconds.toFixed(0)].join(' | ')} |${isGood(played) ? '' : ' FAILED'}`
}

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, keep: { type: 'boolean', default: false } },
})
console.log(`| ${HEADING.join(' | ')} |\n|${HEADING.map(() => '---').join('|')}|`)
const parts = values.only.split(',')
let isRight = true
for (const cheat of DEMO_CHEATS.filter(({ name }) => parts.some(part => name.includes(part)))) {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-cheats-'))
  const played = await play(cheat, directory)
  console.log(rowOf(played))
  isRight &&= isGood(played)
  if (!isGood(played)) console.error(`${cheat.name} ended with ${played.code}, in ${directory}:\n${played.said}`)
  if (isGood(played) || !values.keep) rmSync(directory, { recursive: true })
}
console.log(isRight ? 'ok' : 'FAILED')
process.exitCode = isRight ? 0 : 1
