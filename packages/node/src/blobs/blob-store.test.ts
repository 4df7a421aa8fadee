import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BlobId, type BlobPart, blobIdOf, bytesBlob, layoutOf, manifestOf } from '@cairn/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { sha256 } from '../files/hash.ts'
import { atEnd, cleanUp } from '../network/testing/clean-up.ts'
import { type BlobStore, openBlobStore } from './blob-store.ts'
import { pattern } from './testing/pattern.ts'

afterEach(cleanUp)

interface TestStore extends BlobStore {
  readonly corrupt: string[]
}

async function testStore(directory = mkdtempSync(join(tmpdir(), 'cairn-blobs-'))): Promise<TestStore> {
  atEnd(() => rmSync(directory, { recursive: true, force: true }))
  const corrupt: string[] = []
  const store = await openBlobStore({ directory, onCorrupt: (_, found) => corrupt.push(found) })
  return { ...store, corrupt }
}

const state = (sizeBytes = 300_000): BlobPart[] => [
  { name: 'w', dtype: 'f32', shape: [sizeBytes / 4], bytes: pattern(sizeBytes) },
  { name: 'b', dtype: 'i32', shape: [3], bytes: pattern(12) },
  { name: 'empty', dtype: 'f32', shape: [0], bytes: new Uint8Array() },
]
const byName = (parts: readonly BlobPart[]) => [...parts].sort((a, b) => (a.name < b.name ? -1 : 1))

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at]! ^= 1
  writeFileSync(path, bytes)
}

describe('a store', () => {
  test.each<[string, BlobPart[]]>([
    ['a state', state()],
    ['plain bytes', bytesBlob(pattern(1_000_000))],
    ['no parts', []],
    ['no bytes', bytesBlob(new Uint8Array())],
  ])('gives back %s', async (_, parts) => {
    const store = await testStore()
    const id = await store.write(parts)
    expect(id).toBe(blobIdOf(sha256, manifestOf(sha256, parts)))
    expect(await store.has(id)).toBe(true)
    expect(await store.read(id)).toEqual(byName(parts))
    expect(await store.manifest(id)).toEqual(manifestOf(sha256, parts))
    for (const part of parts) expect(await store.readParts(id, [part.name])).toEqual([part])
    const odd = byName(parts).filter((_, i) => i % 2 === 1)
    expect(
      await store.readParts(
        id,
        odd.map(({ name }) => name),
      ),
    ).toEqual(odd)
    expect(await store.readParts(id, ['other'])).toEqual([])
    expect(await store.list()).toEqual([{ id, sizeBytes: parts.reduce((sum, { bytes }) => sum + bytes.length, 0) }])
    expect(await store.write(parts)).toBe(id)
  })

  test('sees what another thread has written and removed', async () => {
    const [here, there] = await testStore().then(async one => [one, await testStore(one.directory)] as const)
    const id = await there.write(state())
    expect(await here.has(id)).toBe(true)
    expect(await here.read(id)).toEqual(byName(state()))
    await there.delete(id)
    expect([await here.has(id), await here.read(id), await here.manifest(id)]).toEqual([false, undefined, undefined])
    expect(here.corrupt).toEqual([])
    expect(await here.list()).toEqual([])
  })

  test('reads chunks of what it has, and no more than it is asked for', async () => {
    const store = await testStore()
    const id = await store.write(bytesBlob(pattern(600_000)))
    expect(await store.readChunks(id, [{ first: 1, count: 2 }], 2 ** 20)).toEqual(pattern(600_000).subarray(262_144))
    const all = [{ first: 0, count: 3 }]
    expect(await store.readChunks(id, all, 600_000)).toEqual(pattern(600_000))
    const swapped = [1, 0].map(first => ({ first, count: 1 }))
    const [one, two] = [pattern(600_000).subarray(0, 262_144), pattern(600_000).subarray(262_144, 524_288)]
    expect(await store.readChunks(id, swapped, 2 ** 20)).toEqual(new Uint8Array(Buffer.concat([two, one])))
    for (const [first, count] of [
      [0, 0],
      [3, 1],
      [2, 2],
      [0, 4],
      [2 ** 32 - 1, 1],
    ] as const)
      expect(await store.readChunks(id, [{ first, count }], 2 ** 20)).toBe('refused')
    expect(await store.readChunks(id, all, 599_999)).toBe('refused')
    expect(await store.readChunks(id, [...all, ...all], 2 ** 20)).toBe('refused')
    expect(await store.readChunks('00'.repeat(32) as typeof id, all, 2 ** 20)).toBe('missing')
  })
})

describe('a blob that has gone bad', () => {
  const spoil: Record<string, (path: string) => void> = {
    'a flipped bit': path => flip(path, 280_000),
    'a lost end': path => truncateSync(path, 299_999),
    'a longer end': path => writeFileSync(path, 'x', { flag: 'a' }),
    'no manifest': path => rmSync(`${path}.manifest`),
    'a damaged manifest': path => flip(`${path}.manifest`, 40),
    "another blob's manifest": path => writeFileSync(`${path}.manifest`, readFileSync(`${path}.manifest`).subarray(1)),
  }
  const readers: Record<string, (store: BlobStore, id: BlobId) => Promise<unknown>> = {
    'read whole': (store, id) => store.read(id),
    'read in part': (store, id) => store.readParts(id, ['w']),
    served: async (store, id) => {
      const served = await store.readChunks(id, [{ first: 1, count: 2 }], 2 ** 20)
      return served === 'missing' ? undefined : served
    },
  }

  for (const [reading, read] of Object.entries(readers))
    test.each(Object.entries(spoil))(
      `by %s is found out when it is ${reading}, dropped and reported`,
      async (_, harm) => {
        const { directory } = await testStore().then(async store => {
          await store.write(state())
          return store
        })
        const store = await testStore(directory)
        const { id } = (await store.list())[0]!
        harm(join(directory, id))
        expect(await read(store, id)).toBeUndefined()
        expect(store.corrupt).toHaveLength(1)
        expect(await store.has(id)).toBe(false)
        expect(readdirSync(directory)).toEqual(['partial'])
      },
    )

  test('is read as it is by who asks for that', async () => {
    const store = await testStore()
    const id = await store.write(state())
    flip(join(store.directory, id), 280_000)
    expect((await store.read(id, { verify: false }))?.[2]?.bytes.length).toBe(300_000)
    expect(await store.has(id)).toBe(true)
  })
})

describe('a partial blob', () => {
  const parts = state(2_000_000)
  const manifest = manifestOf(sha256, parts)
  const { chunks } = layoutOf(manifest)
  const whole = new Uint8Array(Buffer.concat(byName(parts).map(({ bytes }) => bytes)))
  const chunk = (n: number) => whole.subarray(chunks[n]!.offset, chunks[n]!.offset + chunks[n]!.sizeBytes)

  test('goes on after a crash with what verifies', async () => {
    const store = await testStore()
    const before = await store.openPartial(manifest)
    for (const n of [0, 1, 3, 5]) await before.write(chunks[n]!.offset, chunk(n))
    await before.close()
    flip(join(store.directory, 'partial', before.id), chunks[3]!.offset + 9)
    expect(await store.has(before.id)).toBe(false)
    expect((await store.list()).map(({ id }) => id)).toEqual([before.id])

    expect(await store.partialManifest(before.id)).toEqual(manifest)
    const after = await store.openPartial(manifest)
    expect([...after.present]).toEqual([0, 1, 5])
    for (const n of chunks.keys()) if (!after.present.has(n)) await after.write(chunks[n]!.offset, chunk(n))
    await after.finish(true)
    expect(await store.read(after.id)).toEqual(byName(parts))
    expect(readdirSync(join(store.directory, 'partial'))).toEqual([])
  })

  test('of no bytes becomes whole at once', async () => {
    const store = await testStore()
    for (const empty of [[], bytesBlob(new Uint8Array())]) {
      const partial = await store.openPartial(manifestOf(sha256, empty))
      await partial.finish(false)
      expect(await store.read(partial.id)).toEqual(empty)
    }
  })

  test('can be forgotten', async () => {
    const store = await testStore()
    const partial = await store.openPartial(manifest)
    await partial.close()
    await store.deletePartial(partial.id)
    expect(readdirSync(join(store.directory, 'partial'))).toEqual([])
  })
})

const WRITE_BLOBS = new URL('./testing/write-blobs.ts', import.meta.url).pathname

test('what a crash left half written is cleared away when it is old', async () => {
  const { directory, write } = await testStore()
  const id = await write(state())
  const left = ['ab.1234.tmp', `${'ab'.repeat(32)}.manifest`]
  for (const name of [...left, 'fresh.tmp']) writeFileSync(join(directory, name), 'x')
  for (const name of left) utimesSync(join(directory, name), 1, 1)
  for (const name of [id, `${id}.manifest`]) utimesSync(join(directory, name), 1, 1)
  await testStore(directory)
  expect(readdirSync(directory).sort()).toEqual([id, `${id}.manifest`, 'fresh.tmp', 'partial'].sort())
})

test('a full disk is said, and the store goes on', async () => {
  const store = await testStore()
  // Files of this process may have 512 KiB: the nearest thing to a small disk that needs no privileges.
  const shell = `ulimit -f 512; exec "${process.execPath}" "${WRITE_BLOBS}" "${store.directory}" 2000000 1000`
  const { stdout } = spawnSync('bash', ['-c', shell], { encoding: 'utf8' })
  expect(stdout.split('\n').slice(0, 2)).toEqual(['DiskFull', 'written'])
  expect((await store.list()).map(({ sizeBytes }) => sizeBytes)).toEqual([1000])
  expect(readdirSync(store.directory).filter(name => name.endsWith('.tmp'))).toEqual([])
})

test('killed at any moment, it has whole blobs only', async () => {
  const store = await testStore()
  for (let round = 0; round < 4; round++) {
    const sizes = Array.from({ length: 400 }, (_, i) => String(10_000 + round * 1000 + i))
    const child = spawn(process.execPath, [WRITE_BLOBS, store.directory, ...sizes])
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGKILL')
    await new Promise(resolve => child.once('exit', resolve))
  }
  const found = await store.list()
  expect(found.length).toBeGreaterThan(3)
  for (const { id } of found) expect(await store.read(id)).toBeDefined()
  expect(store.corrupt).toEqual([])
})
