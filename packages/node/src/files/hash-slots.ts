/** Memory that a hashing thread shares with the one that it hashes for: slices to be hashed, and their roots. */
import { HASH_SIZE_BYTES } from '@cairn/primitives'

/** A chunk of a blob, and a slice of a tensor's tree. */
export const SLICE_BYTES = 2 ** 18
/** While one is hashed, the next is filled. */
export const SLOTS = 2

export interface HashSlots {
  /** `IS_READY`; then of every slot its state, bytes of the slice, bytes of its leaves. */
  readonly words: Int32Array
  readonly slices: Uint8Array
  readonly roots: Uint8Array
}

/** States of a slot: to be filled, its root being that of the slice before; filled. */
export const FREE = 0
export const FULL = 1

export const IS_READY = 0
const WORDS_PER_SLOT = 3

export const newSlots = (): HashSlots => ({
  words: new Int32Array(new SharedArrayBuffer(4 * (1 + WORDS_PER_SLOT * SLOTS))),
  slices: new Uint8Array(new SharedArrayBuffer(SLICE_BYTES * SLOTS)),
  roots: new Uint8Array(new SharedArrayBuffer(HASH_SIZE_BYTES * SLOTS)),
})

/** The word with a slot's state; sizes of slice and leaves are the two after it. */
export const stateWord = (slot: number): number => 1 + WORDS_PER_SLOT * slot

export const sliceOf = ({ slices }: HashSlots, slot: number, bytes: number): Uint8Array =>
  slices.subarray(SLICE_BYTES * slot, SLICE_BYTES * slot + bytes)

export const rootOf = ({ roots }: HashSlots, slot: number): Uint8Array =>
  roots.subarray(HASH_SIZE_BYTES * slot, HASH_SIZE_BYTES * (slot + 1))
