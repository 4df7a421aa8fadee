/** A worker or a verifier without its protocol: a compute thread, and blobs that it serves or fetches. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type BlobFetcher,
  type BlobStore,
  blobFetcher,
  type Compute,
  createCompute,
  createHost,
  openBlobStore,
} from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress } from '@cairn/protocol'
import type { Scope } from '../network/scope.ts'

export interface Party {
  readonly blobs: BlobStore
  readonly fetcher: BlobFetcher
  readonly compute: Compute
}

const NETWORK = '5e'.repeat(32) as HashHex

export async function startParty(scope: Scope, threads: number): Promise<Party> {
  const directory = await mkdtemp(join(tmpdir(), 'cairn-proof-'))
  scope.add(() => rm(directory, { recursive: true, force: true }))
  const host = await createHost({
    privateKey: crypto.getRandomValues(new Uint8Array(32)),
    network: NETWORK,
    onMessage: () => undefined,
    onGossip: () => 'ignore',
  })
  scope.add(() => host.stop())
  const blobDirectory = join(directory, 'blobs')
  const blobs = await openBlobStore({ directory: blobDirectory })
  // No states in memory: what a verifier reads it has to fetch first.
  const compute = createCompute({
    blobDirectory,
    progressDirectory: join(directory, 'progress'),
    threads,
    cacheBytes: 1,
  })
  scope.add(() => compute.terminate())
  const fetcher = blobFetcher(host.connections, blobs)
  return { blobs, fetcher, compute }
}

/** Where a party's blobs are to be had. */
export interface Source {
  readonly address: PeerAddress
  /** CPU time that it has taken so far. */
  cpuSeconds(): Promise<number>
}

/** Serves a party's blobs from a process of its own. */
export async function startSource(scope: Scope, { blobs }: Party): Promise<Source> {
  const source = fork(new URL('./source-process.ts', import.meta.url), [blobs.directory, NETWORK])
  scope.add(async () => void source.kill())
  const [address] = await once(source, 'message')
  return {
    address: address as PeerAddress,
    async cpuSeconds() {
      const answered = once(source, 'message')
      source.send('cpu')
      return (await answered)[0] as number
    },
  }
}
