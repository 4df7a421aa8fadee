/** What the demo is asked for on its command line. */
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { InputError } from '@cairn/primitives'

export interface DemoOptions {
  readonly out: string
  readonly workers: number
  /** Left out, the workers share the cores. */
  readonly threadsPerWorker?: number
  readonly json: boolean
  /** Job file; another than the demo's own makes it quicker, for tests. */
  readonly job: string
}

const OWN_JOB = relative('.', join(import.meta.dirname, 'job.yaml'))

function parse(args: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: join('out', 'demo') },
      workers: { type: 'string', default: '3' },
      'threads-per-worker': { type: 'string' },
      json: { type: 'boolean', default: false },
      job: { type: 'string', default: OWN_JOB },
    },
  })
  const { out, json, job, workers, 'threads-per-worker': threads } = values
  if (!/^[1-9]$/.test(workers)) throw new Error(`--workers ${workers}`)
  if (threads !== undefined && !/^[1-9]\d?$/.test(threads)) throw new Error(`--threads-per-worker ${threads}`)
  return { out, json, job, workers: Number(workers), ...(threads && { threadsPerWorker: Number(threads) }) }
}

/** Reads the arguments. Throws `InputError` (`BadArgument`). */
export function readOptions(args: readonly string[]): DemoOptions {
  try {
    return parse(args)
  } catch (cause) {
    throw new InputError('BadArgument', 'The demo does not know this argument.', {
      path: 'arguments',
      expected: '--out DIR, --workers N (1 to 9), --threads-per-worker N (1 to 99), --job FILE, --json',
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'For example: npm run demo -- --out out/demo --workers 2',
      cause,
    })
  }
}
