/** A node's keys, as an entry of its own: the command handles them without loading libp2p. */
export { type Cost, DEFAULT_COST } from './keys/encryption.ts'
export * from './keys/import-export.ts'
export * from './keys/key-file.ts'
export { createKey, type EvmAddress, type EvmPrivateKey, type NodeKey, type PublicKeys } from './keys/node-key.ts'
export * from './keys/passphrase.ts'
