/** Serves a directory of blobs from a process of its own: what a verifier fetches comes from another machine, too. */
import { createHost, openBlobStore, serveBlobs } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'

const [directory = '', network = ''] = process.argv.slice(2)
const host = await createHost({
  privateKey: crypto.getRandomValues(new Uint8Array(32)),
  network: network as HashHex,
  onMessage: () => undefined,
  onGossip: () => 'ignore',
})
await serveBlobs(host.connections, await openBlobStore({ directory }))
process.on('disconnect', () => process.exit())
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1e6)
})
process.send?.({ peer: host.peer, addresses: host.addresses() })
