import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesBlob } from '@cairn/protocol'
import type { Stream } from '@libp2p/interface'
import { afterEach, describe, expect, test } from 'vitest'
import { framed, readFrames } from '../network/frames.ts'
import { cleanUp } from '../network/testing/clean-up.ts'
import { ended, testHost, until } from '../network/testing/test-host.ts'
import {
  BLOB_PROTOCOL,
  type BlobRequest,
  type BlobResponse,
  type ChunkRun,
  decodeResponse,
  encodeRequest,
} from './exchange-wire.ts'
import { blobHost } from './testing/blob-hosts.ts'
import { pattern } from './testing/pattern.ts'

afterEach(cleanUp)

const SIZE = 3_000_000
const whole = pattern(SIZE)
const parts = bytesBlob(whole)

type Asked = Partial<BlobRequest & ChunkRun>

/** A server with one blob, and a raw stream to it. */
async function opened(serve = {}) {
  const server = await blobHost({ serve })
  const id = await server.store.write(parts)
  const client = await testHost()
  client.learn(server.address)
  const open = async () => (await client.connections.openStream(server.peer, BLOB_PROTOCOL))!
  const ask = (stream: Stream, request: number, { first = 0, count = 1, ...changes }: Asked = {}) =>
    stream.send(framed(encodeRequest({ kind: 'chunks', request, id, runs: [{ first, count }], ...changes })))
  return { server, id, client, open, ask }
}

function responsesOf(stream: Stream): BlobResponse[] {
  const responses: BlobResponse[] = []
  readFrames(stream, {
    maxBytes: () => 2 ** 21,
    frameTimeoutMs: 60_000,
    onFrame: bytes => responses.push(decodeResponse(bytes)!),
    onEnd: () => undefined,
  })
  return responses
}

describe('a server', () => {
  test('answers several requests of one stream in order', async () => {
    const { open, ask } = await opened()
    const stream = await open()
    const responses = responsesOf(stream)
    for (let n = 0; n < 20; n++) ask(stream, n, { first: n % 12 })
    await until(() => responses.length === 20)
    expect(responses.map(({ request }) => request)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(responses.every(({ content }, n) => content[0] === whole[(n % 12) * 262_144])).toBe(true)
  })

  test('refuses ranges that are not there or too large, and says what it does not have', async () => {
    const { open, ask } = await opened()
    const stream = await open()
    const responses = responsesOf(stream)
    ask(stream, 1, { first: 12 })
    ask(stream, 2, { count: 5 })
    ask(stream, 3, { count: 0 })
    ask(stream, 4, { id: 'ab'.repeat(32) as BlobRequest['id'] })
    ask(stream, 5, { id: 'ab'.repeat(32) as BlobRequest['id'], kind: 'manifest' })
    ask(stream, 6, { kind: 'manifest', first: 2 ** 32 - 1 })
    ask(stream, 7, { count: 4 })
    const twice = Array.from({ length: 5 }, () => ({ first: 0, count: 1 }))
    ask(stream, 8, { runs: twice })
    ask(stream, 9, { runs: [{ first: 11, count: 1 }, ...twice.slice(2), { first: 12, count: 1 }] })
    ask(stream, 10, { runs: [11, 0, 0].map(first => ({ first, count: 1 })) })
    await until(() => responses.length === 10)
    expect(responses.map(({ status }) => status)).toEqual([
      'refused',
      'refused',
      'refused',
      'missing',
      'missing',
      'found',
      'found',
      'refused',
      'refused',
      'found',
    ])
    expect(responses[9]?.content).toEqual(
      new Uint8Array(Buffer.concat([whole.subarray(11 * 262_144), ...[0, 0].map(() => whole.subarray(0, 262_144))])),
    )
    expect(responses[5]?.content.length).toBe(4)
    expect(responses[6]?.content.length).toBe(2 ** 20)
  })

  test('never serves a chunk that does not verify', async () => {
    const { server, id, open, ask } = await opened()
    const path = join(server.store.directory, id)
    const bytes = readFileSync(path)
    bytes[300_000]! ^= 1
    writeFileSync(path, bytes)
    const stream = await open()
    const responses = responsesOf(stream)
    ask(stream, 1, { first: 0 })
    ask(stream, 2, { first: 1 })
    ask(stream, 3, { first: 0 })
    await until(() => responses.length === 3)
    expect(responses.map(({ status }) => status)).toEqual(['found', 'missing', 'missing'])
    expect(await server.store.has(id)).toBe(false)
  })

  test('lets idle streams go', async () => {
    const { open } = await opened({ idleMs: 20 })
    const stream = await open()
    await until(() => stream.remoteWriteStatus === 'closed')
  })

  test.each<[string, Uint8Array]>([
    ['noise', framed(Uint8Array.of(1, 2, 3))],
    ['an unknown kind of request', framed(new Uint8Array(45).fill(9))],
    ['a request for nothing', framed(Uint8Array.of(1, ...new Uint8Array(36)))],
    ['half a run of chunks', framed(Uint8Array.of(1, ...new Uint8Array(48)))],
    ['a manifest in two runs', framed(new Uint8Array(53))],
    ['a huge frame', Uint8Array.of(255, 255, 255, 255, 0)],
  ])('ends a stream that sends %s, and serves the next', async (_, sent) => {
    const { server, open, ask } = await opened()
    const stream = await open()
    stream.send(sent)
    await ended(stream)
    expect(server.served.refused).toBe(1)
    const next = await open()
    const responses = responsesOf(next)
    ask(next, 1)
    await until(() => responses.length === 1)
  })

  test('ends a stream whose peer asks for more than it takes', async () => {
    const { server, open, ask } = await opened({ drainTimeoutMs: 50, maxWaitingRequests: 1000 })
    const stream = await open()
    stream.pause() // takes nothing from now on
    for (let n = 0; n < 30; n++) ask(stream, n, { count: 4 })
    await ended(stream)
    expect(server.served.bytes).toBeLessThan(30 * 2 ** 20)
  })

  test('ends a stream with too many requests at once', async () => {
    const { server, open, ask } = await opened({ maxWaitingRequests: 4 })
    const stream = await open()
    for (let n = 0; n < 200; n++) {
      try {
        ask(stream, n)
      } catch {
        break // it is ended already
      }
    }
    await ended(stream)
    expect(server.served.refused).toBeGreaterThan(0)
  })

  test('gives a peer so many streams and no more, and others theirs', async () => {
    const { server, id, open, ask } = await opened({ maxStreamsPerPeer: 2 })
    const streams = await Promise.all(Array.from({ length: 5 }, () => open().catch(() => undefined)))
    for (const stream of streams) {
      try {
        if (stream !== undefined) ask(stream, 1)
      } catch {
        // one that was turned away
      }
    }
    const other = await blobHost()
    expect((await other.fetcher.fetch(id, [server.address])).ok).toBe(true)
    await until(() => streams.filter(stream => stream?.status === 'open').length <= 2)
  })
})
