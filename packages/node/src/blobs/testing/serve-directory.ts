/**
 * `node serve-directory.ts DIRECTORY`: serves a directory of blobs from a process of its own until it is killed. Prints
 * one line, a JSON object of `peer` and `addresses`; for every line it reads, the CPU time used so far in microseconds.
 */
import { createInterface } from 'node:readline'
import { createHost } from '../../network/host.ts'
import { TEST_NETWORK } from '../../network/testing/test-network.ts'
import { openBlobStore } from '../blob-store.ts'
import { serveBlobs } from '../serve-blobs.ts'

const host = await createHost({
  privateKey: crypto.getRandomValues(new Uint8Array(32)),
  network: TEST_NETWORK,
  onMessage: () => undefined,
  onGossip: () => 'accept',
})
await serveBlobs(host.connections, await openBlobStore({ directory: process.argv[2] ?? '.' }))
console.log(JSON.stringify({ peer: host.peer, addresses: host.addresses() }))
for await (const _ of createInterface(process.stdin)) {
  const { user, system } = process.cpuUsage()
  console.log(user + system)
}
