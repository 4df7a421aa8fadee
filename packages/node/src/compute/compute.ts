/**
 * Execution as the rest of a node sees it: promises. The work is done on a thread of its own, one request at a time, in
 * order; a thread that dies takes one request with it, and the next one starts another.
 */
import { Worker } from 'node:worker_threads'
import type { Answer, Progress, Request, Response, ThreadSettings, WorkKind, WorkOf } from './work.ts'

export interface ComputeOptions extends Pick<ThreadSettings, 'blobDirectory' | 'progressDirectory' | 'threads'> {
  /** States kept in memory; half a GiB if not given. */
  readonly cacheBytes?: number
  /** Entry of the thread, which calls `serveCompute`; another one stands for a node that computes something else. */
  readonly entry?: URL
}

export interface RequestOptions {
  /** Stops a unit after its step; a request that has not begun is not begun. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

export interface Compute {
  /** Asks for work. Never rejects. */
  request<Kind extends WorkKind>(work: WorkOf<Kind>, options?: RequestOptions): Promise<Answer<Kind>>
  /** Asks the unit under way, if any, to stop after its step. */
  stop(): void
  /** Ends the thread at once, whatever it does; saved progress is kept. The next request starts another. */
  restart(): Promise<void>
  /** Ends the thread for good: what is asked for from now on is answered as crashed. */
  terminate(): Promise<void>
}

const HALF_GIBIBYTE = 2 ** 29

const stopped = { ok: false, why: 'stopped' } as const
const crashed = (reason: string) => ({ ok: false, why: 'crashed', reason }) as const

interface Thread {
  readonly worker: Worker
  readonly stop: Int32Array
  /** Why it died, once it has. */
  death?: string
}

function startThread({
  blobDirectory,
  progressDirectory,
  threads,
  cacheBytes = HALF_GIBIBYTE,
  entry = new URL('./compute-thread.ts', import.meta.url),
}: ComputeOptions): Thread {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const workerData: ThreadSettings = { blobDirectory, progressDirectory, threads, cacheBytes, stop }
  const worker = new Worker(entry, { workerData })
  const thread: Thread = { worker, stop }
  worker.on('error', error => {
    thread.death ??= error.message
  })
  worker.on('exit', code => {
    thread.death ??= `the compute thread ended with code ${code}`
  })
  worker.unref()
  return thread
}

/** Sends one request and waits for its answer, or for the thread's end. */
function converse(thread: Thread, request: Request, { signal, onProgress }: RequestOptions): Promise<Answer<WorkKind>> {
  const { worker, stop } = thread
  const { promise, resolve } = Promise.withResolvers<Answer<WorkKind>>()
  const onMessage = (response: Response) => {
    if (response.id !== request.id) return
    if ('progress' in response) onProgress?.(response.progress)
    else resolve(response.answer)
  }
  const onExit = () => resolve(crashed(thread.death ?? 'the compute thread ended'))
  const onAbort = () => void Atomics.store(stop, 0, request.id)
  worker.on('message', onMessage).once('exit', onExit).ref()
  signal?.addEventListener('abort', onAbort)
  worker.postMessage(request)
  return promise.finally(() => {
    worker.off('message', onMessage).off('exit', onExit).unref()
    signal?.removeEventListener('abort', onAbort)
  })
}

/** Starts computing. The thread starts with the first request. */
export function createCompute(options: ComputeOptions): Compute {
  let thread: Thread | undefined
  let current = 0
  let isOver = false
  let last: Promise<unknown> = Promise.resolve()

  const perform = async (work: Request['work'], requestOptions: RequestOptions): Promise<Answer<WorkKind>> => {
    if (isOver) return crashed('the node is stopping')
    if (requestOptions.signal?.aborted) return stopped
    if (thread?.death !== undefined) thread = undefined
    thread ??= startThread(options)
    current++
    return converse(thread, { id: current, work }, requestOptions)
  }

  const restart = async (): Promise<void> => {
    await thread?.worker.terminate()
  }

  return {
    request(work, requestOptions = {}) {
      const answer = last.then(() => perform(work, requestOptions))
      last = answer
      return answer as Promise<Answer<typeof work.kind>>
    },
    stop() {
      if (thread !== undefined) Atomics.store(thread.stop, 0, current)
    },
    restart,
    terminate() {
      isOver = true
      return restart()
    },
  }
}
