/**
 * SHA-256 with helpers: whoever hashes a state hands slices of it to other threads, hashes the rest itself, and goes on
 * when all are done. PERF: a state's root waits for nothing else, so what helps is as many cores as the work itself has.
 */
import { Worker } from 'node:worker_threads'
import { type Hash, type HashFunction, type LeafBytes, leafRoot } from '@cairn/primitives'
import { sha256 } from './hash.ts'
import {
  FREE,
  FULL,
  type HashSlots,
  IS_READY,
  newSlots,
  rootOf,
  SLICE_BYTES,
  SLOTS,
  sliceOf,
  stateWord,
} from './hash-slots.ts'

/** Below, handing over costs more than it saves. */
const LEAST_BYTES = 2 ** 15
/** A slice takes a millisecond; a thread that lets one wait so long is lost, and its slices are hashed here. */
const PATIENCE_MS = 10_000

interface Given {
  readonly slice: Uint8Array
  readonly leafSizeBytes: number
  /** Where the root goes. */
  readonly roots: Hash[]
  readonly place: number
}

interface HashThread {
  /** Takes a slice, if the thread has a free slot. */
  take(given: Given): boolean
  /** Waits for what was taken. */
  finish(): void
  end(): Promise<unknown>
}

const isWorthwhile = ({ length }: Uint8Array): boolean => length >= LEAST_BYTES && length <= SLICE_BYTES

function hashHere({ slice, leafSizeBytes, roots, place }: Given): void {
  roots[place] = leafRoot(sha256, slice, leafSizeBytes)
}

function startThread(): HashThread {
  const slots: HashSlots = newSlots()
  const { words } = slots
  const worker = new Worker(new URL('./hash-thread.ts', import.meta.url), { workerData: slots })
  worker.unref()
  const taken: (Given | undefined)[] = Array.from({ length: SLOTS })
  let next = 0
  let isLost = false

  function collect(slot: number): void {
    const given = taken[slot]
    if (given !== undefined) given.roots[given.place] = rootOf(slots, slot).slice() as Hash
    taken[slot] = undefined
  }

  return {
    take(given) {
      const state = stateWord(next)
      if (isLost || Atomics.load(words, IS_READY) === 0 || Atomics.load(words, state) !== FREE) return false
      collect(next)
      sliceOf(slots, next, given.slice.length).set(given.slice)
      Atomics.store(words, state + 1, given.slice.length)
      Atomics.store(words, state + 2, given.leafSizeBytes)
      taken[next] = given
      Atomics.store(words, state, FULL)
      Atomics.notify(words, state)
      next = (next + 1) % SLOTS
      return true
    },
    finish() {
      for (let slot = 0; slot < SLOTS; slot++) {
        const given = taken[slot]
        if (given === undefined) continue
        isLost ||= Atomics.wait(words, stateWord(slot), FULL, PATIENCE_MS) === 'timed-out'
        if (!isLost) collect(slot)
        else hashHere(given)
        taken[slot] = undefined
      }
    },
    end: () => worker.terminate(),
  }
}

export interface HashThreads {
  readonly hash: HashFunction
  close(): Promise<void>
}

/** Starts so many helpers; hashing does not wait for them to be there. */
export function startHashThreads(count: number): HashThreads {
  const threads = Array.from({ length: count }, startThread)

  function sliceRoots(trees: readonly LeafBytes[], leavesPerSlice: number): Hash[][] {
    const found = trees.map((): Hash[] => [])
    for (const [tree, { bytes, leafSizeBytes }] of trees.entries()) {
      const sliceBytes = leafSizeBytes * leavesPerSlice
      const roots = found[tree] as Hash[]
      for (let place = 0; place * sliceBytes < bytes.length; place++) {
        const slice = bytes.subarray(place * sliceBytes, (place + 1) * sliceBytes)
        const given = { slice, leafSizeBytes, roots, place }
        if (!isWorthwhile(slice) || !threads.some(thread => thread.take(given))) hashHere(given)
      }
    }
    for (const thread of threads) thread.finish()
    return found
  }

  return {
    hash: Object.assign((...parts: readonly Uint8Array[]) => sha256(...parts), { sliceRoots }),
    async close() {
      await Promise.all(threads.map(thread => thread.end()))
    },
  }
}
