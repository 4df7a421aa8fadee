/** Hosts that serve and fetch blobs, and hosts that serve them badly. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerAddress } from '@cairn/protocol'
import type { Stream } from '@libp2p/interface'
import { framed, readFrames } from '../../network/frames.ts'
import { atEnd } from '../../network/testing/clean-up.ts'
import { type TestHost, testHost } from '../../network/testing/test-host.ts'
import { type BlobStore, openBlobStore } from '../blob-store.ts'
import { BLOB_PROTOCOL, type BlobRequest, decodeRequest } from '../exchange-wire.ts'
import { type BlobFetcher, blobFetcher } from '../fetch-blob.ts'
import type { FetchLimits } from '../running-fetch.ts'
import { type ServeCounts, type ServeLimits, serveBlobs } from '../serve-blobs.ts'

export interface BlobHost extends TestHost {
  readonly store: BlobStore
  readonly fetcher: BlobFetcher
  readonly served: ServeCounts
}

interface BlobHostOptions {
  readonly fetch?: Partial<FetchLimits>
  readonly serve?: Partial<ServeLimits>
  /** Changes the store that is fetched into. */
  readonly wrap?: (store: BlobStore) => BlobStore
}

async function testStoreDirectory(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-blobs-'))
  atEnd(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export async function blobHost({ fetch, serve, wrap = store => store }: BlobHostOptions = {}): Promise<BlobHost> {
  const host = await testHost()
  const store = wrap(await openBlobStore({ directory: await testStoreDirectory() }))
  const served = await serveBlobs(host.connections, store, serve)
  const fetcher = blobFetcher(host.connections, store, fetch)
  atEnd(() => fetcher.stop())
  return { ...host, store, fetcher, served }
}

export const addresses = (hosts: readonly Pick<TestHost, 'address'>[]): PeerAddress[] =>
  hosts.map(({ address }) => address)

/** Answers a request as it likes. */
export type Answering = (request: BlobRequest, stream: Stream, respond: (bytes: Uint8Array) => void) => void

/** A host whose answers to requests for blobs are made up. */
export async function hostileHost(answer: Answering): Promise<TestHost> {
  const host = await testHost()
  const handle = (stream: Stream): void =>
    readFrames(stream, {
      maxBytes: () => 1000,
      frameTimeoutMs: 60_000,
      onFrame(bytes) {
        const request = decodeRequest(bytes)
        if (request !== undefined) answer(request, stream, sent => stream.send(framed(sent)))
      },
      onEnd: () => undefined,
    })
  await host.connections.handle(BLOB_PROTOCOL, handle, 8)
  return host
}

/** A process of its own that serves a directory of blobs. */
export async function serverProcess(directory: string): Promise<{ address: PeerAddress; kill: () => void }> {
  const script = new URL('./serve-directory.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [script, directory], { stdio: ['pipe', 'pipe', 'inherit'] })
  const kill = (): void => void child.kill('SIGKILL')
  atEnd(kill)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { address: JSON.parse(line.toString()), kill }
}
