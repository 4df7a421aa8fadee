/**
 * Standard units, each on a thread of its own that ends with it: a node that is at work is asked too, and one that is not keeps no
 * memory for it. One at a time, in order.
 */
import { Worker } from 'node:worker_threads'
import { ResourceError } from '@cairn/primitives'
import type { StandardUnit } from '@cairn/training'

export interface StandardRequest {
  readonly seed: number
  /** Threads that share a step. */
  readonly threads: number
}

export interface StandardUnits {
  /** Rejects with what went wrong on its thread. */
  run(seed: number): Promise<StandardUnit>
  /** Ends what is under way: what was asked for is rejected. */
  stop(): Promise<void>
}

const gone = (): ResourceError =>
  new ResourceError('StandardUnitStopped', 'The thread of a standard unit ended before it was done.', {
    expected: 'a root',
    found: 'nothing',
    fix: 'Nothing, if this node is stopping; otherwise see whether the machine has memory left.',
  })

export function standardUnits(threads: number): StandardUnits {
  let worker: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()
  let isOver = false

  async function begin(seed: number): Promise<StandardUnit> {
    if (isOver) throw gone()
    const { promise, resolve, reject } = Promise.withResolvers<StandardUnit>()
    const workerData: StandardRequest = { seed, threads }
    worker = new Worker(new URL('./standard-unit-thread.ts', import.meta.url), { workerData })
    worker.on('message', resolve).on('error', reject)
    worker.on('exit', () => reject(gone()))
    return promise.finally(() => worker?.terminate())
  }

  return {
    run(seed) {
      const done = last.then(() => begin(seed))
      last = done.catch(() => undefined)
      return done
    },
    async stop() {
      isOver = true
      await worker?.terminate()
    },
  }
}
