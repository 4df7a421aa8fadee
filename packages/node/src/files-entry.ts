/**
 * What a process needs of its machine, and what the `cairn` command shares with a node. It is an entry of its own
 * because the other one loads libp2p, which no short command should wait for.
 */
export * from './files/format-bytes.ts'
export * from './files/hash.ts'
export * from './files/io-errors.ts'
export * from './files/lock.ts'
export * from './files/read-write.ts'
export * from './files/run-until-stopped.ts'
export * from './files/stop-signals.ts'
