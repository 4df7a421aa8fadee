/** How the workers of a local network share the machine they are all on. */
import { availableParallelism } from 'node:os'
import { memoryOfMachine } from '../../run/memory.ts'
import type { NetworkShape } from './processes.ts'

/** A coordinator and a chain want some of the memory as well. */
const SHARE_FOR_WORKERS = 0.8

/** Gives each of some workers its part of the cores, unless told how many threads, and of the memory. */
export function shareMachine(
  workers: number,
  threadsPerWorker?: number,
): Pick<NetworkShape, 'workers' | 'threadsPerWorker' | 'memoryPerWorker'> {
  const parts = Math.max(1, workers)
  return {
    workers,
    threadsPerWorker: threadsPerWorker ?? Math.max(1, Math.floor(availableParallelism() / parts)),
    memoryPerWorker: Math.floor((memoryOfMachine() * SHARE_FOR_WORKERS) / parts),
  }
}
