/** What the demo is asked for on its command line. */
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '@cairn/primitives'
import { cheatNames } from './cheat.ts'

export interface DemoOptions {
  readonly out: string
  readonly workers: number
  readonly verifiers: number
  /** How long a round can be challenged; shorter, for tests. */
  readonly challengeSeconds: number
  /** Left out, the workers share the cores. */
  readonly threadsPerWorker?: number
  readonly json: boolean
  /** How one of the workers cheats, if one does. */
  readonly cheat?: string
  /** Job file; another than the demo's own makes it quicker, for tests. */
  readonly job: string
}

const OWN_JOB = relative('.', join(import.meta.dirname, 'job.yaml'))
const SHORT_JOB = relative('.', join(import.meta.dirname, 'short.yaml'))

function parse(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: join('out', 'demo') },
      workers: { type: 'string', default: '3' },
      verifiers: { type: 'string', default: '2' },
      'challenge-seconds': { type: 'string' },
      'threads-per-worker': { type: 'string' },
      json: { type: 'boolean', default: false },
      job: { type: 'string' },
      cheat: { type: 'string' },
    },
  })
  const { out, json, workers, verifiers, 'threads-per-worker': threads, cheat } = values
  // Verifiers on a busy machine need a while; where nobody cheats, nothing is lost by their being late.
  const seconds = values['challenge-seconds'] ?? (cheat === undefined ? '20' : '30')
  const job = values.job ?? (cheat === undefined ? OWN_JOB : SHORT_JOB)
  if (!/^[1-9]$/.test(workers)) throw new Error(`--workers ${workers}`)
  if (!/^\d$/.test(verifiers)) throw new Error(`--verifiers ${verifiers}`)
  if (!/^[1-9]\d{0,2}$/.test(seconds)) throw new Error(`--challenge-seconds ${seconds}`)
  if (cheat !== undefined && !cheatNames.includes(cheat)) throw new Error(`--cheat ${cheat}`)
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
    throw new InputError('BadArgument', 'The demo does not know this argument.', {
      path: 'arguments',
      expected: [
        '--out DIR, --workers N (1 to 9), --verifiers N (0 to 9), --threads-per-worker N (1 to 99)',
        '--challenge-seconds N (1 to 999), --job FILE, --json',
        `--cheat KIND (${cheatNames.join(', ')})`,
      ].join(', '),
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'For example: npm run demo -- --out out/demo --workers 2',
      cause,
    })
  }
}
