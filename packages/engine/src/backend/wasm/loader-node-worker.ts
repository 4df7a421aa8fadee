/** One worker thread of the wasm backend: instantiates the shared module and runs its share of every task. */
import { parentPort, workerData } from 'node:worker_threads'
import { control } from './barrier.ts'
import { type TaskFunction, taskExport } from './threads.ts'

const { module, memory, thread } = workerData as {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  thread: number
}
const instance = new WebAssembly.Instance(module, { env: { memory } })
const words = new Int32Array(memory.buffer)
const [command, asked] = [control.command / 4, control.task / 4]

let seen = Atomics.load(words, command)
parentPort?.postMessage('ready')
for (;;) {
  Atomics.wait(words, command, seen)
  const now = Atomics.load(words, command)
  if (now === seen) continue
  seen = now
  const run = instance.exports[taskExport(Atomics.load(words, asked))] as TaskFunction
  run(thread)
}
