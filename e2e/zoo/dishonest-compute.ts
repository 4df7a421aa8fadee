/**
 * Entry of the compute thread of a dishonest node: the same thread as everybody's, on a backend that lies or with answers that are
 * not what it found. It works, defends and traces on it.
 */
import { wasm } from '@cairn/engine'
import { serveCompute, sha256, type UnusualCompute } from '@cairn/node/parts'
import { dishonestBackend } from './cheat.ts'
import { CHEATS } from './cheats.ts'
import { readOrder } from './dishonest-order.ts'
import { threadOf } from './dishonest-thread.ts'

const order = readOrder()
const { computes, around } = threadOf(order)
const cheat = CHEATS.find(({ name }) => name === computes)
if (computes !== undefined && cheat === undefined) throw new Error(`no cheat is called "${computes}"`)

const unusual: UnusualCompute = {
  ...(cheat && {
    backendFor: ({ document: { spec }, dataset: data }) =>
      dishonestBackend(wasm, cheat, { spec, data, round: order.round }),
  }),
  ...(around && { around: around(order, sha256) }),
}
await serveCompute(unusual)
