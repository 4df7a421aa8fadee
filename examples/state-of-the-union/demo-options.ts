/** What the demo is asked for on its command line. */
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '@cairn/primitives'
import { DEMO_CHEATS, type DemoCheat } from './cheat.ts'

export interface DemoOptions {
  readonly out: string
  readonly workers: number
  readonly verifiers: number
  /** How long a round can be challenged; shorter, for tests. */
  readonly challengeSeconds: number
  /** Left out, the workers share the cores. */
  readonly threadsPerWorker?: number
  readonly json: boolean
  /** How somebody cheats, if anybody does. */
  readonly cheat?: DemoCheat
  /** Job file; another than the demo's own makes it quicker, for tests. */
  readonly job: string
}

const OWN_JOB = relative('.', join(import.meta.dirname, 'job.yaml'))
const SHORT_JOB = relative('.', join(import.meta.dirname, 'short.yaml'))
const SHORT_JOB_LOOKED_AT_TWICE = relative('.', join(import.meta.dirname, 'short-looked-at-twice.yaml'))

/** The job where none is named: short where somebody cheats, for it is done again in one process to compare. */
function ownJob(cheat: DemoCheat | undefined): string {
  if (cheat === undefined) return OWN_JOB
  return cheat.isLookedAtTwice ? SHORT_JOB_LOOKED_AT_TWICE : SHORT_JOB
}

function knownCheat(kind: string): DemoCheat {
  const cheat = DEMO_CHEATS.find(({ name }) => name === kind)
  if (cheat !== undefined) return cheat
  // Not in a row of the error: there is room for half of them.
  const kinds = DEMO_CHEATS.map(({ name }) => name).join(', ')
  throw new InputError('BadArgument', `There is no such kind of cheat; there are: ${kinds}.`, {
    path: '--cheat',
    expected: 'the name of a kind',
    found: kind,
    fix: 'Use one of them; npm run demo -- --help says what each does.',
  })
}

function parse(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: join('out', 'demo') },
      workers: { type: 'string', default: '3' },
      verifiers: { type: 'string' },
      'challenge-seconds': { type: 'string' },
      'threads-per-worker': { type: 'string' },
      json: { type: 'boolean', default: false },
      job: { type: 'string' },
      cheat: { type: 'string' },
    },
  })
  const { out, json, workers, 'threads-per-worker': threads } = values
  const cheat = values.cheat === undefined ? undefined : knownCheat(values.cheat)
  const verifiers = values.verifiers ?? String(cheat?.verifiers ?? 2)
  // Verifiers on a busy machine need a while; where nobody cheats, nothing is lost by their being late.
  const seconds = values['challenge-seconds'] ?? (cheat === undefined ? '20' : '30')
  const job = values.job ?? ownJob(cheat)
  if (!/^[1-9]$/.test(workers)) throw new Error(`--workers ${workers}`)
  if (!/^\d$/.test(verifiers)) throw new Error(`--verifiers ${verifiers}`)
  if (!/^[1-9]\d{0,2}$/.test(seconds)) throw new Error(`--challenge-seconds ${seconds}`)
  if (threads !== undefined && !/^[1-9]\d?$/.test(threads)) throw new Error(`--threads-per-worker ${threads}`)
  const nodes = { workers: Number(workers), verifiers: Number(verifiers), challengeSeconds: Number(seconds) }
  const rest = { ...(threads && { threadsPerWorker: Number(threads) }), ...(cheat && { cheat }) }
  return { out, json, job, ...nodes, ...rest }
}

/** Reads the arguments. Throws `InputError` (`BadArgument`). */
export function readOptions(args: readonly string[]): DemoOptions {
  try {
    return parse(args)
  } catch (cause) {
    if (cause instanceof InputError) throw cause
    throw new InputError('BadArgument', 'The demo does not know this argument.', {
      path: 'arguments',
      expected: [
        '--out DIR, --workers N (1 to 9), --verifiers N (0 to 9), --threads-per-worker N (1 to 99)',
        '--challenge-seconds N (1 to 999), --job FILE, --json',
        '--cheat KIND, --help',
      ].join(', '),
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'For example: npm run demo -- --out out/demo --workers 2',
      cause,
    })
  }
}
