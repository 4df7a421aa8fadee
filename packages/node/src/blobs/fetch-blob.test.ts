import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ResourceError } from '@cairn/primitives'
import { type BlobId, bytesBlob, encodeManifest, layoutOf, manifestOf } from '@cairn/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { sha256 } from '../files/hash.ts'
import { cleanUp } from '../network/testing/clean-up.ts'
import { type ChunkRun, manifestSliceHeader, responseHeader } from './exchange-wire.ts'
import { type Answering, addresses, type BlobHost, blobHost, hostileHost, serverProcess } from './testing/blob-hosts.ts'
import { pattern } from './testing/pattern.ts'

afterEach(cleanUp)

const SIZE = 2_000_000
const parts = bytesBlob(pattern(SIZE))
const manifest = manifestOf(sha256, parts)

const holder = async () => {
  const host = await blobHost()
  return Object.assign(host, { id: await host.store.write(parts) })
}
const join2 = (...some: Uint8Array[]) => new Uint8Array(Buffer.concat(some))
const isWhole = async ({ store }: BlobHost, id: BlobId) => {
  const read = await store.read(id)
  return read !== undefined && Buffer.from(read[0]!.bytes).equals(parts[0]!.bytes)
}

describe('a blob', () => {
  test('is fetched, checked and put into place', async () => {
    const [from, to] = [await holder(), await blobHost()]
    const seen: number[] = []
    const fetched = await to.fetcher.fetch(from.id, addresses([from]), { onProgress: p => seen.push(p.doneBytes) })
    expect(fetched).toMatchObject({ ok: true, stats: { doneBytes: SIZE, totalBytes: SIZE, resumedBytes: 0 } })
    expect(fetched.stats.peers.get(from.peer)).toEqual({ bytes: SIZE, failures: 0, outcome: 'served' })
    expect(seen.at(-1)).toBe(SIZE)
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(await isWhole(to, from.id)).toBe(true)
    expect(readdirSync(join(to.store.directory, 'partial'))).toEqual([])
    // And again: it is there, nobody is asked.
    expect((await to.fetcher.fetch(from.id, [])).ok).toBe(true)
  })

  test.each([
    ['no parts', []],
    ['no bytes', bytesBlob(new Uint8Array())],
  ])('with %s is fetched', async (_, empty) => {
    const [from, to] = [await blobHost(), await blobHost()]
    const id = await from.store.write(empty)
    expect((await to.fetcher.fetch(id, addresses([from]))).ok).toBe(true)
    expect(await to.store.read(id)).toEqual(empty)
  })

  test('of thousands of small parts is fetched in few requests', async () => {
    const [from, to] = [await blobHost(), await blobHost()]
    const many = Array.from({ length: 5000 }, (_, i) => {
      return { name: `p${String(i).padStart(4, '0')}`, dtype: 'u8' as const, shape: [i % 7], bytes: pattern(i % 7, i) }
    })
    const id = await from.store.write(many)
    expect((await to.fetcher.fetch(id, addresses([from]))).ok).toBe(true)
    expect(await to.store.read(id)).toEqual(many)
  })

  test('comes from several peers, each of which gives a share', async () => {
    const [a, b, to] = [await holder(), await holder(), await blobHost({ fetch: { pieceBytes: 100_000 } })]
    const { ok, stats } = await to.fetcher.fetch(a.id, addresses([a, b]))
    expect(ok).toBe(true)
    const shares = [a, b].map(({ peer }) => stats.peers.get(peer)!.bytes)
    expect(Math.min(...shares)).toBeGreaterThan(0)
    expect(shares[0]! + shares[1]!).toBe(SIZE)
  })

  test('that several want at once is fetched once', async () => {
    const [from, to] = [await holder(), await blobHost()]
    const all = await Promise.all(Array.from({ length: 5 }, () => to.fetcher.fetch(from.id, addresses([from]))))
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(from.served.bytes).toBeLessThan(SIZE + 10_000)
  })

  test('that nobody has is not available, in little time', async () => {
    const [other, to] = [await blobHost(), await blobHost()]
    const away = { peer: 'ab'.repeat(32), addresses: ['/ip4/127.0.0.1/tcp/1'] }
    const fetched = await to.fetcher.fetch('cd'.repeat(32) as BlobId, [...addresses([other]), away])
    expect(fetched).toMatchObject({ ok: false, code: 'Unavailable', detail: expect.stringContaining('missing') })
    expect(await to.fetcher.fetch('cd'.repeat(32) as BlobId, [])).toMatchObject({ ok: false, code: 'Unavailable' })
  })

  test('goes on where a cancelled fetch stopped', async () => {
    const from = await holder()
    const to = await blobHost({ fetch: { pieceBytes: 262_144, piecesPerPeer: 1 } })
    const stop = new AbortController()
    const onProgress = ({ doneBytes }: { doneBytes: number }): void => {
      if (doneBytes > SIZE / 2) stop.abort()
    }
    const first = await to.fetcher.fetch(from.id, addresses([from]), { signal: stop.signal, onProgress })
    expect(first).toMatchObject({ ok: false, code: 'Cancelled' })
    expect(await to.store.has(from.id)).toBe(false)
    const second = await to.fetcher.fetch(from.id, addresses([from]))
    expect(second.ok).toBe(true)
    expect(second.stats.resumedBytes).toBeGreaterThan(SIZE / 2)
    expect(second.stats.peers.get(from.peer)!.bytes).toBe(SIZE - second.stats.resumedBytes)
    expect(await isWhole(to, from.id)).toBe(true)
  })

  test('that one cancels still comes for the other', async () => {
    const [from, to] = [await holder(), await blobHost()]
    const stop = new AbortController()
    const one = to.fetcher.fetch(from.id, addresses([from]), { signal: stop.signal })
    const other = to.fetcher.fetch(from.id, addresses([from]))
    stop.abort()
    expect(await one).toMatchObject({ ok: false, code: 'Cancelled' })
    expect((await other).ok).toBe(true)
  })

  test('comes from the peers that are left when one goes', async () => {
    const [a, b, to] = [await holder(), await holder(), await blobHost({ fetch: { pieceBytes: 262_144 } })]
    let isStopped = false
    const onProgress = (): void => {
      if (!isStopped) void a.stop()
      isStopped = true
    }
    const fetched = await to.fetcher.fetch(a.id, addresses([a, b]), { onProgress })
    expect(fetched.ok).toBe(true)
    expect(await isWhole(to, a.id)).toBe(true)
  })

  test('that does not fit on the disk is given up, and the rest goes on', async () => {
    let isFull = true
    const from = await holder()
    const to = await blobHost({
      wrap: store => ({
        ...store,
        async openPartial(of) {
          const partial = await store.openPartial(of)
          const full = () => Promise.reject(new ResourceError('DiskFull', 'The disk is full.'))
          return isFull ? { ...partial, write: full } : partial
        },
      }),
    })
    expect(await to.fetcher.fetch(from.id, addresses([from]))).toMatchObject({ ok: false, code: 'DiskFull' })
    expect(readdirSync(join(to.store.directory, 'partial'))).toEqual([])
    isFull = false
    expect((await to.fetcher.fetch(from.id, addresses([from]))).ok).toBe(true)
  })
})

test('a blob comes from another process, and from a second one when the first is killed', async () => {
  const from = await holder()
  const to = await blobHost({ fetch: { pieceBytes: 100_000, piecesPerPeer: 1 } })
  const [first, second] = [await serverProcess(from.store.directory), await serverProcess(from.store.directory)]
  let isKilled = false
  const onProgress = (): void => {
    if (!isKilled) first.kill()
    isKilled = true
  }
  const fetched = await to.fetcher.fetch(from.id, [first.address, second.address], { onProgress })
  expect(fetched).toMatchObject({ ok: true })
  expect(await isWhole(to, from.id)).toBe(true)
})

const encoded = encodeManifest(manifest)
const rightManifest = (respond: (bytes: Uint8Array) => void, request: number): void =>
  respond(join2(responseHeader({ status: 'found', request }), manifestSliceHeader(encoded.length), encoded))
const chunkBytes = ([run]: readonly ChunkRun[]): Uint8Array => {
  const { first, count } = run!
  const places = layoutOf(manifest).chunks.slice(first, first + count)
  return parts[0]!.bytes.slice(places[0]!.offset, places.at(-1)!.offset + places.at(-1)!.sizeBytes)
}

/** Ways to serve a blob badly, with a right manifest unless it is the manifest that is wrong. */
const BAD: Record<string, { readonly answer: Answering; readonly outcome: string }> = {
  'flips a bit of a chunk': {
    outcome: 'bad',
    answer({ kind, request, runs }, _, respond) {
      if (kind === 'manifest') return rightManifest(respond, request)
      const bytes = chunkBytes(runs)
      bytes[bytes.length >> 1]! ^= 8
      respond(join2(responseHeader({ status: 'found', request }), bytes))
    },
  },
  'sends other chunks': {
    outcome: 'bad',
    answer({ kind, request }, _, respond) {
      if (kind === 'manifest') return rightManifest(respond, request)
      respond(join2(responseHeader({ status: 'found', request }), chunkBytes([{ first: 2, count: 1 }])))
    },
  },
  'answers what nobody asked': {
    outcome: 'bad',
    answer: ({ request }, _, respond) => respond(responseHeader({ status: 'found', request: request + 77 })),
  },
  'sends another manifest': {
    outcome: 'bad',
    answer({ request }, _, respond) {
      const other = encodeManifest(manifestOf(sha256, bytesBlob(pattern(9))))
      respond(join2(responseHeader({ status: 'found', request }), manifestSliceHeader(other.length), other))
    },
  },
  'sends a manifest a byte at a time': {
    outcome: 'bad',
    answer: ({ request, runs: [run] }, _, respond) =>
      respond(
        join2(
          responseHeader({ status: 'found', request }),
          manifestSliceHeader(10_000),
          encoded.subarray(run!.first, run!.first + 1),
        ),
      ),
  },
  'announces a manifest of gigabytes': {
    outcome: 'bad',
    answer: ({ request }, _, respond) =>
      respond(
        join2(responseHeader({ status: 'found', request }), manifestSliceHeader(2 ** 31), new Uint8Array(2 ** 20)),
      ),
  },
  'announces a huge frame': {
    outcome: 'bad',
    answer: (_, stream) => void stream.send(Uint8Array.of(255, 255, 255, 255)),
  },
  'sends noise': { outcome: 'bad', answer: (_, __, respond) => respond(Uint8Array.of(99, 1, 2)) },
  'refuses everything': {
    outcome: 'missing',
    answer: ({ request }, _, respond) => respond(responseHeader({ status: 'refused', request })),
  },
  'stalls at once': { outcome: 'unreachable', answer: () => undefined },
  'stalls after the manifest': {
    outcome: 'unreachable',
    answer: ({ kind, request }, _, respond) => kind === 'manifest' && rightManifest(respond, request),
  },
  'stalls in the middle of a chunk': {
    outcome: 'unreachable',
    answer({ kind, request, runs }, stream, respond) {
      if (kind === 'manifest') return rightManifest(respond, request)
      stream.send(
        join2(
          Uint8Array.of(0, 4, 0, 5),
          responseHeader({ status: 'found', request }),
          chunkBytes(runs).subarray(0, 1000),
        ),
      )
    },
  },
  'resets every stream': { outcome: 'unreachable', answer: (_, stream) => stream.abort(new Error('no')) },
  'closes its half': { outcome: 'unreachable', answer: (_, stream) => void stream.close() },
}

describe('a peer that', () => {
  test.each(Object.entries(BAD))('%s is dropped, and the others serve', async (_, { answer, outcome }) => {
    const fetch = { requestTimeoutMs: outcome === 'unreachable' ? 700 : 60_000 }
    const [bad, good, to] = [await hostileHost(answer), await holder(), await blobHost({ fetch })]
    const alone = await to.fetcher.fetch(good.id, addresses([bad]))
    expect(alone).toMatchObject({ ok: false, code: 'Unavailable' })
    expect(alone.stats.peers.get(bad.peer)).toMatchObject({ bytes: 0, outcome })
    await to.store.deletePartial(good.id)
    const fetched = await to.fetcher.fetch(good.id, addresses([bad, good]))
    expect(fetched).toMatchObject({ ok: true })
    expect(fetched.stats.peers.get(good.peer)).toMatchObject({ bytes: SIZE, outcome: 'served' })
    expect(await isWhole(to, good.id)).toBe(true)
  })
})
