/** How the workers and verifiers of a local network share the machine they are all on. */
import { availableParallelism } from 'node:os'
import { memoryOfMachine } from '../../run/memory.ts'
import type { NetworkShape } from './processes.ts'

/** A coordinator and a chain want some of the memory as well. */
const SHARE_FOR_NODES = 0.8

/**
 * Gives each worker its part of the cores, unless told how many threads, and of the memory. Verifiers have as much of both,
 * but the cores are the workers': who checks a part now and then is busy for a small part of the time.
 */
export function shareMachine(
  { workers, verifiers }: Pick<NetworkShape, 'workers' | 'verifiers'>,
  threadsPerWorker?: number,
): Pick<NetworkShape, 'workers' | 'verifiers' | 'threadsPerWorker' | 'memoryPerWorker'> {
  return {
    workers,
    verifiers,
    threadsPerWorker: threadsPerWorker ?? Math.max(1, Math.floor(availableParallelism() / Math.max(1, workers))),
    memoryPerWorker: Math.floor((memoryOfMachine() * SHARE_FOR_NODES) / Math.max(1, workers + verifiers)),
  }
}
