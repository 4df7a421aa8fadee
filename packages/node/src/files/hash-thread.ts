/** A thread that hashes slices for another (hash-threads.ts), slot after slot, until it is ended with it. */
import { workerData } from 'node:worker_threads'
import { leafRoot } from '@cairn/primitives'
import { sha256 } from './hash.ts'
import { FREE, type HashSlots, IS_READY, rootOf, SLOTS, sliceOf, stateWord } from './hash-slots.ts'

const slots = workerData as HashSlots
const { words } = slots

Atomics.store(words, IS_READY, 1)
for (let slot = 0; ; slot = (slot + 1) % SLOTS) {
  const state = stateWord(slot)
  Atomics.wait(words, state, FREE)
  const [sliceBytes, leafBytes] = [Atomics.load(words, state + 1), Atomics.load(words, state + 2)]
  rootOf(slots, slot).set(leafRoot(sha256, sliceOf(slots, slot, sliceBytes), leafBytes))
  Atomics.store(words, state, FREE)
  Atomics.notify(words, state)
}
