/**
 * Standard units, one at a time, in order, on a thread of their own that ends with the last of them: a node at work is asked too,
 * and one that nobody asks keeps no memory for it.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { ResourceError } from '@cairn/primitives'
import type { StandardUnit } from '@cairn/training'

export interface StandardUnits {
  /** Rejects with what went wrong on the thread. */
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

/** `threads` share a step. */
export function standardUnits(threads: number): StandardUnits {
  let worker: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let isOver = false

  async function end(): Promise<void> {
    const ending = worker
    worker = undefined
    await ending?.terminate()
  }

  async function perform(seed: number): Promise<StandardUnit> {
    if (isOver) throw gone()
    worker ??= new Worker(new URL('./standard-unit-thread.ts', import.meta.url), { workerData: { threads } })
    const abort = new AbortController()
    const { signal } = abort
    const exit = once(worker, 'exit', { signal }).then(() => Promise.reject(gone()))
    const done = once(worker, 'message', { signal }) // rejects with an error of the thread
    worker.postMessage(seed)
    try {
      const [found] = (await Promise.race([done, exit])) as [StandardUnit]
      return found
    } catch (error) {
      await end()
      throw error
    } finally {
      abort.abort()
      await Promise.allSettled([done, exit])
    }
  }

  return {
    run(seed) {
      waiting++
      const done = last
        .then(() => perform(seed))
        .finally(() => {
          waiting--
          return waiting === 0 ? end() : undefined
        })
      last = done.catch(() => undefined)
      return done
    },
    stop() {
      isOver = true
      return end()
    },
  }
}
