/** Entry of a thread that does standard units: seeds in, what they come to out, one at a time. */
import { parentPort, workerData } from 'node:worker_threads'
import { wasm } from '@cairn/engine'
import { InternalError } from '@cairn/primitives'
import { standardUnit } from '@cairn/training'
import { sha256 } from '../files/hash.ts'

const port = parentPort
if (port === null) throw new InternalError('NoPort', 'the thread of standard units was started as a program')
const { threads } = workerData as { readonly threads: number }
port.on('message', async (seed: number) => {
  port.postMessage(await standardUnit({ seed, threads, backend: wasm, hash: sha256 }))
})
