/** Entry of a thread that does one standard unit and ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { wasm } from '@cairn/engine'
import { standardUnit } from '@cairn/training'
import { sha256 } from '../files/hash.ts'
import type { StandardRequest } from './standard-units.ts'

const { seed, threads } = workerData as StandardRequest
parentPort?.postMessage(await standardUnit({ seed, threads, backend: wasm, hash: sha256 }))
