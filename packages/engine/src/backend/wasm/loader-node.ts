/** Worker threads for the wasm backend in Node. Workers sleep on the command word and run a task when it changes. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { control } from './barrier.ts'
import type { StartThreads } from './threads.ts'

export const startNodeThreads: StartThreads = async ({ module, memory, threads }) => {
  const words = new Int32Array(memory.buffer)
  const [command, asked] = [control.command / 4, control.task / 4]
  const workers = Array.from({ length: threads - 1 }, (_, n) => {
    const worker = new Worker(new URL('./loader-node-worker.ts', import.meta.url), {
      workerData: { module, memory, thread: n + 1 },
    })
    worker.unref()
    return worker
  })
  await Promise.all(workers.map(worker => once(worker, 'message')))
  return {
    start(task) {
      Atomics.store(words, asked, task)
      Atomics.add(words, command, 1)
      Atomics.notify(words, command)
    },
    async close() {
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}
