/**
 * Large messages are said to all nodes alike: the first node of a process opens them, and the others are told what it
 * read. Elsewhere every node has a machine of its own for that; here they would take it from the coordinator.
 */
import type { Message } from '@cairn/protocol'

const LARGE_BYTES = 16_384
/** Envelopes and signatures, which differ, are at the beginning and at the end. */
const OWN_BYTES = 256

let last: { readonly said: Uint8Array; readonly message: Message } | undefined

/** Returns what a message says if it was opened before. */
export function findOpened(bytes: Uint8Array): Message | undefined {
  if (bytes.length < LARGE_BYTES || last === undefined) return undefined
  return Buffer.compare(last.said, bytes.subarray(OWN_BYTES, -OWN_BYTES)) === 0 ? last.message : undefined
}

/** Remembers what a message says. */
export function rememberOpened(bytes: Uint8Array, message: Message): void {
  if (bytes.length >= LARGE_BYTES) last = { said: bytes.subarray(OWN_BYTES, -OWN_BYTES), message }
}
