/** Entry of the compute thread: requests in, progress and answers out. The main thread sends one at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { InternalError } from '@cairn/primitives'
import { openBlobStore } from '../blobs/blob-store.ts'
import { createPerformer } from './perform.ts'
import type { Request, Response, ThreadSettings } from './work.ts'

const { blobDirectory, progressDirectory, threads, cacheBytes, stop } = workerData as ThreadSettings
const port = parentPort
if (port === null) throw new InternalError('NoPort', 'the compute thread was started as a program')

const blobs = await openBlobStore({ directory: blobDirectory })
const perform = createPerformer({ blobs, progressDirectory, threads, cacheBytes })
const send = (response: Response): void => port.postMessage(response)

port.on('message', async ({ id, work }: Request) => {
  const answer = await perform(work, {
    onProgress: progress => send({ id, progress }),
    isStopped: () => Atomics.load(stop, 0) === id,
  })
  send({ id, answer })
})
