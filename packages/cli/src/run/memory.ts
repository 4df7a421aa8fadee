/** How much memory and disk a run takes, and whether this machine has the memory. */
import { totalmem } from 'node:os'
import { ResourceError } from '@cairn/primitives'
import type { JobSpec } from '@cairn/protocol'
import { graphCost, type JobProgram } from '@cairn/training'
import { formatBytes } from '../screen/format.ts'

/** Sizes in bytes of what a run reads and writes. */
function sizes(program: JobProgram) {
  const {
    parameters,
    globalStateBytes: global,
    replicaStateBytes: replica,
    updateBytesPerUnit: update,
  } = graphCost(program, 0)
  return { global, replica, update, weights: 4 * parameters, checkpoint: 3 * 4 * parameters }
}

/** Bytes of the states that live outside the compiled graphs, at the busiest moment: the end of a round. */
export function stateBytes(program: JobProgram): number {
  const { global, replica, update } = sizes(program)
  return 2 * global + 2 * replica + program.spec.schedule.replicas * update
}

/** Bytes in the output directory when a run has ended, with the states kept that `keep` says. */
export function diskBytes(program: JobProgram, keep: 'all' | 'last' | number): number {
  const { replicas, rounds } = program.spec.schedule
  const { global, replica, checkpoint, update, weights } = sizes(program)
  const every = (rounds + 1) * global + rounds * replicas * replica
  const last = 2 * (global + replicas * replica)
  const states = keep === 'all' ? every : Math.min(every, last + (keep === 'last' ? 0 : keep * (global + replica)))
  return states + weights + checkpoint + replicas * update
}

/** Memory of the machine, or of the container that this process lives in. */
export function memoryOfMachine(): number {
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}

const SMALLER = 'Use a smaller batch, more schedule.microBatches, a shorter context or a smaller model.'

/** Throws `ResourceError` (`TooLittleMemory`) when `resources.memoryBytes` is more than there is, or less than it takes. */
export function assertDeclared({ resources }: JobSpec, needed: number): void {
  if (resources === undefined) return
  const { memoryBytes } = resources
  const has = memoryOfMachine()
  if (has < memoryBytes)
    throw new ResourceError('TooLittleMemory', 'This machine has less memory than the job asks for.', {
      path: 'resources.memoryBytes',
      expected: formatBytes(memoryBytes),
      found: formatBytes(has),
      fix: 'Run the job on a larger machine, or lower resources.memoryBytes if the job needs less.',
    })
  if (needed > memoryBytes)
    throw new ResourceError('TooLittleMemory', 'The job needs more memory than it says.', {
      path: 'resources.memoryBytes',
      expected: `at least ${needed} (${formatBytes(needed)})`,
      found: `${memoryBytes} (${formatBytes(memoryBytes)})`,
      fix: `Raise resources.memoryBytes. ${SMALLER}`,
    })
}

/** Throws `ResourceError` (`TooLittleMemory`) when a run does not fit, before it has cost anything. */
export function assertFreeMemory(needed: number, available = process.availableMemory()): void {
  if (needed <= available) return
  throw new ResourceError('TooLittleMemory', 'The job does not fit into the free memory of this machine.', {
    path: 'memory',
    expected: `${formatBytes(needed)} free`,
    found: `${formatBytes(available)} free`,
    fix: `Close other programs. ${SMALLER}`,
  })
}

/** Recognises what JavaScript and WebAssembly say when something is too large for them, whatever is free. */
export function tooLarge(error: unknown): unknown {
  const isSize =
    error instanceof RangeError || (error instanceof WebAssembly.CompileError && /memory/.test(error.message))
  if (!isSize) return error
  return new ResourceError('TooLittleMemory', 'The job is too large for one process.', {
    path: 'memory',
    expected: 'each compiled graph to fit into the 4 GiB of WebAssembly memory',
    found: error.message,
    fix: SMALLER,
    cause: error,
  })
}
