import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobId } from '@cairn/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import { cleanUp } from '../network/testing/clean-up.ts'
import { addresses, blobHost, hostileHost } from './testing/blob-hosts.ts'
import { pattern } from './testing/pattern.ts'

afterEach(cleanUp)

describe('parts of a blob', () => {
  /** As states are: what belongs together lies apart. */
  const many = Array.from({ length: 300 }, (_, i) => {
    const bytes = pattern(i === 7 ? 1_000_000 : 2000, i)
    return { name: `p${String(i).padStart(3, '0')}`, dtype: 'u8' as const, shape: [bytes.length], bytes }
  })
  const isOdd = (_: unknown, i: number): boolean => i % 2 === 1
  const odd = many.filter(isOdd)
  const names = odd.map(({ name }) => name)
  const sizeOf = (some: typeof many) => some.reduce((sum, { bytes }) => sum + bytes.length, 0)

  test('are fetched alone, and the rest after them', async () => {
    const [from, to] = [await blobHost(), await blobHost()]
    const id = await from.store.write(many)
    const first = await to.fetcher.fetch(id, addresses([from]), { names })
    expect(first).toMatchObject({ ok: true, stats: { doneBytes: sizeOf(odd), totalBytes: sizeOf(odd) } })
    expect([await to.store.has(id), await to.store.has(id, names), await to.store.has(id, ['p000'])]).toEqual([
      false,
      true,
      false,
    ])
    expect(await to.store.readParts(id, names)).toEqual(odd)
    expect(await to.store.read(id)).toBeUndefined()
    expect((await to.store.list()).map(blob => blob.id)).toEqual([id])
    // Who has a part only is no source of it.
    const third = await blobHost()
    expect((await third.fetcher.fetch(id, addresses([to]), { names })).ok).toBe(false)

    const whole = await to.fetcher.fetch(id, addresses([from]))
    expect(whole).toMatchObject({ ok: true, stats: { resumedBytes: sizeOf(odd), totalBytes: sizeOf(many) } })
    expect(await to.store.read(id)).toEqual(many)
    expect(await to.store.readParts(id, names)).toEqual(odd)
    expect((await to.fetcher.fetch(id, [], { names })).ok).toBe(true)
  })

  test('of a blob that others want whole, or in other parts, at the same time', async () => {
    const [from, to] = [await blobHost(), await blobHost()]
    const id = await from.store.write(many)
    const wanted = [names, ['p000', 'p002'], undefined, names.slice(3)]
    const all = await Promise.all(
      wanted.map(some => to.fetcher.fetch(id, addresses([from]), { ...(some && { names: some }) })),
    )
    expect(all.every(({ ok }) => ok)).toBe(true)
    expect(await to.store.read(id)).toEqual(many)
    expect(from.served.bytes).toBeLessThan(2 * sizeOf(many))
  })

  test('are waited for no longer than somebody wants them', async () => {
    const [silent, to] = [await hostileHost(() => undefined), await blobHost()]
    const id = '5c'.repeat(32) as BlobId
    const other = to.fetcher.fetch(id, addresses([silent]))
    const stop = new AbortController()
    const waiting = to.fetcher.fetch(id, addresses([silent]), { names, signal: stop.signal })
    // Those of the others are covered by what the first one fetches only if it wants them all.
    const apart = to.fetcher.fetch('5d'.repeat(32) as BlobId, addresses([silent]), { names: ['a'] })
    const late = to.fetcher.fetch('5d'.repeat(32) as BlobId, addresses([silent]), { names: ['b'], signal: stop.signal })
    stop.abort()
    expect((await Promise.all([waiting, late])).map(({ ok }) => ok)).toEqual([false, false])
    to.fetcher.stop()
    expect((await Promise.all([other, apart])).map(({ ok }) => ok)).toEqual([false, false])
  })

  test('that went bad on the disk are fetched again', async () => {
    const [from, to] = [await blobHost(), await blobHost()]
    const id = await from.store.write(many)
    await to.fetcher.fetch(id, addresses([from]), { names })
    const path = join(to.store.directory, 'partial', id)
    const bytes = readFileSync(path)
    bytes[2001]! ^= 1
    writeFileSync(path, bytes)
    expect((await to.store.readParts(id, names, { verify: false }))?.[0]?.bytes).not.toEqual(odd[0]?.bytes)
    expect(await to.store.readParts(id, names)).toBeUndefined()
    expect(await to.store.has(id, names)).toBe(false)
    expect((await to.fetcher.fetch(id, addresses([from]), { names })).ok).toBe(true)
    expect(await to.store.readParts(id, names)).toEqual(odd)
    await to.store.delete(id)
    expect(readdirSync(to.store.directory)).toEqual(['partial'])
    expect(readdirSync(join(to.store.directory, 'partial'))).toEqual([])
  })
})
