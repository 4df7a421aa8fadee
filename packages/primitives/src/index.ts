/** What every other floor stands on: bytes, hashes, Merkle trees, canonical documents, counter-based randomness, errors. */
export * from './brand.ts'
export * from './bytes.ts'
export * from './canonical.ts'
export * from './errors.ts'
export * from './hash.ts'
export * from './keccak.ts'
export * from './merkle.ts'
export * from './philox.ts'
