/** A child process that is one end of a transfer: it serves blobs and files, or it fetches them. */
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlobFetcher, type BlobStore, blobFetcher, createHost, openBlobStore, serveBlobs } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { type BlobId, bytesBlob, type PeerAddress } from '@cairn/protocol'
import { answerParent } from '../helper.ts'
import { receiveFile, serveFile, type WireName } from './wires.ts'

export interface Offer {
  readonly id: BlobId
  readonly source: PeerAddress
  readonly ports: Readonly<Record<WireName, number>>
}

export interface Transfer {
  readonly way: 'cairn' | WireName
  readonly offer: Offer
  readonly sizeBytes: number
}

const NETWORK = '5e'.repeat(32) as HashHex

interface End {
  readonly directory: string
  readonly address: PeerAddress
  readonly store: BlobStore
  readonly fetcher: BlobFetcher
}

let end: End | undefined

async function open(directory: string): Promise<void> {
  const host = await createHost({
    privateKey: crypto.getRandomValues(new Uint8Array(32)),
    network: NETWORK,
    onMessage: () => undefined,
    onGossip: () => 'ignore',
  })
  const store = await openBlobStore({ directory })
  await serveBlobs(host.connections, store)
  const address = { peer: host.peer, addresses: host.addresses() }
  end = { directory, address, store, fetcher: blobFetcher(host.connections, store) }
}

/** Bytes that no layer can make smaller. */
function noise(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  for (let at = 0; at < sizeBytes; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

async function offer({ directory, address, store }: End, sizeBytes: number): Promise<Offer> {
  const bytes = noise(sizeBytes)
  const path = join(directory, `plain-${sizeBytes}`)
  await writeFile(path, bytes)
  const id = await store.write(bytesBlob(bytes))
  return { id, source: address, ports: { tcp: await serveFile('tcp', path), tls: await serveFile('tls', path) } }
}

/** Fetches to a file and forgets it; returns the seconds that the transfer took. */
async function transfer({ directory, store, fetcher }: End, { way, offer, sizeBytes }: Transfer): Promise<number> {
  const path = join(directory, 'received')
  const began = performance.now()
  if (way === 'cairn') {
    const fetched = await fetcher.fetch(offer.id, [offer.source])
    if (!fetched.ok) throw new Error(`${fetched.code}: ${fetched.detail}`)
  } else await receiveFile(way, offer.ports[way], path)
  const seconds = (performance.now() - began) / 1000
  if (way === 'cairn') await store.delete(offer.id)
  else if ((await stat(path)).size !== sizeBytes) throw new Error(`${way} lost bytes`)
  await rm(path, { force: true })
  return seconds
}

const opened = (): End => end as End

answerParent({
  open: (directory: string) => open(directory),
  offer: (sizeBytes: number) => offer(opened(), sizeBytes),
  transfer: (about: Transfer) => transfer(opened(), about),
  cpuSeconds: () => (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
})
