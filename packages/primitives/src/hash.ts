/**
 * Hashing is injected: everything that hashes takes a `HashFunction`, so that a node can pass its native SHA-256 and a
 * browser the portable one here. All of them must compute SHA-256; roots are compared between machines.
 */
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import type { Hash, HashHex } from './brand.ts'
import { decodeHex, encodeHex } from './bytes.ts'
import { InputError } from './errors.ts'

export const HASH_SIZE_BYTES = 32

/** The leaves of a Merkle tree: consecutive slices of `leafSizeBytes`, the last maybe shorter. */
export interface LeafBytes {
  readonly bytes: Uint8Array
  readonly leafSizeBytes: number
}

/**
 * Hashes the concatenation of its parts to 32 bytes.
 * PERF: parts instead of one array, so that a domain prefix in front of a 4 KiB leaf costs no copy.
 */
export interface HashFunction {
  (...parts: readonly Uint8Array[]): Hash
  /** PERF: what `sliceRoots` of merkle.ts computes, where there is a faster way than hash after hash. */
  readonly sliceRoots?: (trees: readonly LeafBytes[], leavesPerSlice: number) => Hash[][]
}

/** Computes SHA-256 (FIPS 180-4) in plain TypeScript, for any host. */
export const sha256: HashFunction = (...parts) => {
  const state = nobleSha256.create()
  for (const part of parts) state.update(part)
  return state.digest() as Uint8Array as Hash
}

/** Brands 32 bytes as a hash. Throws `InputError` (`BadHash`) on any other length. */
export function toHash(bytes: Uint8Array): Hash {
  if (bytes.length !== HASH_SIZE_BYTES) throw badHash(`${bytes.length} bytes`)
  return bytes as Hash
}

/** Writes a hash as 64 lower-case hex digits. */
export const hashToHex = (hash: Hash): HashHex => encodeHex(hash) as HashHex

/** Brands text as a hash in hex. Throws `InputError` (`BadHash`) unless it is 64 lower-case hex digits. */
export function toHashHex(text: string): HashHex {
  if (!/^[0-9a-f]{64}$/.test(text)) throw badHash(JSON.stringify(text))
  return text as HashHex
}

/** Reads a hash from 64 lower-case hex digits. Throws `InputError` (`BadHash`) on anything else. */
export const hashFromHex = (text: string): Hash => decodeHex(toHashHex(text)) as Hash

const badHash = (found: string): InputError =>
  new InputError('BadHash', 'This is not a SHA-256 hash.', {
    expected: '32 bytes, or 64 lower-case hex digits',
    found,
    fix: 'Copy the whole hash again.',
  })
