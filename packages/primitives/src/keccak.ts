/** Keccak-256 as the EVM has it (not FIPS 202's SHA3-256): keys of jobs and networks on the chain, and nothing else. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import type { Hash } from './brand.ts'

/** Hashes the concatenation of its parts to 32 bytes, as `keccak256(abi.encodePacked(...))` does. */
export function keccak256(...parts: readonly Uint8Array[]): Hash {
  const state = keccak_256.create()
  for (const part of parts) state.update(part)
  return state.digest() as Uint8Array as Hash
}
