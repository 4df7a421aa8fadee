/** One worker thread of the wasm backend: instantiates the shared module and runs its share of every step. */
import { parentPort, workerData } from 'node:worker_threads'
import { control } from './barrier.ts'

const { module, memory, thread } = workerData as {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
  thread: number
}
const instance = new WebAssembly.Instance(module, { env: { memory } })
const step = instance.exports.step as (thread: number) => void
const words = new Int32Array(memory.buffer)
const command = control.command / 4

let seen = Atomics.load(words, command)
parentPort?.postMessage('ready')
for (;;) {
  Atomics.wait(words, command, seen)
  const now = Atomics.load(words, command)
  if (now === seen) continue
  seen = now
  step(thread)
}
