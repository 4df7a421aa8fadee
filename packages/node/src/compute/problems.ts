/** From exceptions inside the compute thread to values outside. */
import { CairnError, type HashHex, ResourceError } from '@cairn/primitives'
import type { Divergence } from '@cairn/training'
import type { Failure, StepsDone, WorkProblem } from './work.ts'

/** Thrown where a value must cross many calls: work cannot be done, and this is why. */
export class WorkStopped extends Error {
  readonly problem: WorkProblem
  constructor(problem: WorkProblem) {
    super(problem.why)
    this.problem = problem
  }
}

export const diverged = (divergence: Divergence, before?: StepsDone): WorkProblem => ({
  ok: false,
  why: 'diverged',
  diverged: divergence,
  ...before,
})

export const missing = (blob: HashHex): WorkStopped => new WorkStopped({ ok: false, why: 'missing', blob })

/** What JavaScript and WebAssembly say when something is too large for them is this machine's limit, not a bug. */
function tooLarge(error: unknown): unknown {
  const isSize =
    error instanceof RangeError || (error instanceof WebAssembly.CompileError && /memory/.test(error.message))
  if (!isSize) return error
  return new ResourceError('TooLittleMemory', 'The job is too large for one process.', {
    path: 'memory',
    expected: 'each compiled graph to fit into the memory of WebAssembly',
    found: error.message,
    fix: 'Take jobs of smaller models, or use a machine with more memory.',
  })
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof CairnError))
    return { code: 'InternalError', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  const { code, message, path, expected, found, fix } = error
  const details = Object.entries({ path, expected, found, fix }).filter(([, value]) => value !== undefined)
  return { code, message, ...Object.fromEntries(details) }
}

/** Turns whatever was thrown into a value. */
export const problemOf = (error: unknown): WorkProblem =>
  error instanceof WorkStopped ? error.problem : { ok: false, why: 'failed', failure: failureOf(tooLarge(error)) }
