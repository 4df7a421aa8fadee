/** What a compute thread does: requests in, progress and answers out. The main thread sends one at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { InternalError } from '@cairn/primitives'
import { openBlobStore } from '../blobs/blob-store.ts'
import { startHashThreads } from '../files/hash-threads.ts'
import { createPerformer, type Performer } from './perform.ts'
import type { BackendFor } from './prepared-jobs.ts'
import type { Request, Response, ThreadSettings } from './work.ts'

/** What of the thread may be another's: of dishonest nodes. */
export interface UnusualCompute {
  /** Chooses what jobs are computed on. */
  readonly backendFor?: BackendFor
  /** Stands between what is asked and who does it. */
  readonly around?: (perform: Performer) => Performer
}

/** Serves until the thread is ended. */
export async function serveCompute({ backendFor, around }: UnusualCompute = {}): Promise<void> {
  const { blobDirectory, progressDirectory, threads, cacheBytes, stop } = workerData as ThreadSettings
  const port = parentPort
  if (port === null) throw new InternalError('NoPort', 'the compute thread was started as a program')
  const { hash } = startHashThreads(threads - 1)
  const blobs = await openBlobStore({ directory: blobDirectory, hash })
  const own = backendFor && { backendFor }
  const usual = createPerformer({ blobs, hash, progressDirectory, threads, cacheBytes, ...own })
  const perform = around?.(usual) ?? usual
  const send = (response: Response): void => port.postMessage(response)

  port.on('message', async ({ id, work }: Request) => {
    const answer = await perform(work, {
      onProgress: progress => send({ id, progress }),
      isStopped: () => Atomics.load(stop, 0) === id,
    })
    send({ id, answer })
  })
}
