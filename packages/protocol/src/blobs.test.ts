import { createHash } from 'node:crypto'
import {
  concat,
  encodeCanonical,
  encodeHex,
  type Hash,
  type HashFunction,
  InputError,
  merkleRootOfHashes,
  sha256,
} from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BlobPart,
  blobIdOf,
  bytesBlob,
  chunkSizeBytes,
  decodeManifest,
  encodeManifest,
  layoutOf,
  manifestOf,
  verifyChunk,
} from './blobs.ts'
import { stateRoot, type TensorDtype, tensorLeafSizeBytes, tensorRoot } from './state-root.ts'

/** PERF: the boundary test hashes hundreds of megabytes; Node's own SHA-256 is several times faster. */
const native: HashFunction = (...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest()) as Hash
}

const PATTERN = Uint8Array.from({ length: 2 ** 21 }, (_, i) => (i * 7 + (i >> 8)) % 251)
const pattern = (sizeBytes: number): Uint8Array => PATTERN.subarray(0, sizeBytes)
const u8 = (name: string, sizeBytes: number): BlobPart => ({
  name,
  dtype: 'u8',
  shape: [sizeBytes],
  bytes: pattern(sizeBytes),
})
const ATOMS: Record<TensorDtype, { elements: number; sizeBytes: number }> = {
  f32: { elements: 1, sizeBytes: 4 },
  i32: { elements: 1, sizeBytes: 4 },
  mx8: { elements: 32, sizeBytes: 33 },
  mx12: { elements: 32, sizeBytes: 66 },
  u8: { elements: 1, sizeBytes: 1 },
}

function tensor(dtype: TensorDtype, sizeBytes: number): BlobPart {
  const atoms = sizeBytes / ATOMS[dtype].sizeBytes
  return { name: 'w', dtype, shape: [atoms * ATOMS[dtype].elements], bytes: pattern(sizeBytes) }
}

/** Sizes around every boundary of leaves and chunks, up to a little over `chunks` chunks. */
function boundarySizes(dtype: TensorDtype, chunks: number): number[] {
  const leaf = tensorLeafSizeBytes(dtype)
  const atom = ATOMS[dtype].sizeBytes
  const leaves = [0, 1, 2, 3, 31, 32, 33, 63]
  const starts = Array.from({ length: chunks + 1 }, (_, chunk) => leaves.map(n => (chunk * 64 + n) * leaf)).flat()
  return [...new Set(starts.flatMap(size => [size - atom, size, size + atom]))].filter(size => size >= 0)
}

describe('a chunk', () => {
  it.each<TensorDtype>(['f32', 'mx8', 'mx12', 'u8'])(
    'of %s hashes to an inner node: the root over chunk hashes is the tensor root, around every boundary',
    dtype => {
      for (const size of boundarySizes(dtype, 5)) {
        const part = tensor(dtype, size)
        const { chunkHashes } = manifestOf(native, [part]).parts[0]!
        expect(encodeHex(merkleRootOfHashes(native, chunkHashes)), `${size} bytes`).toBe(
          encodeHex(tensorRoot(native, dtype, part.bytes)),
        )
      }
    },
  )

  it('covers 64 leaves, and the last of a part the rest', () => {
    expect(chunkSizeBytes('f32')).toBe(262_144)
    expect(chunkSizeBytes('mx8')).toBe(261_888)
    const { chunks } = layoutOf(manifestOf(sha256, [u8('a', 262_145), u8('b', 5)]))
    expect(chunks.map(({ offset, sizeBytes }) => [offset, sizeBytes])).toEqual([
      [0, 262_144],
      [262_144, 1],
      [262_145, 5],
    ])
  })

  it('verifies as itself and as nothing else', () => {
    const part = u8('a', 300_000)
    const { chunks } = layoutOf(manifestOf(sha256, [part]))
    const bytes = (n: number) => part.bytes.slice(chunks[n]!.offset, chunks[n]!.offset + chunks[n]!.sizeBytes)
    const flipped = bytes(1)
    flipped[77]! ^= 4
    expect(verifyChunk(sha256, chunks[1]!, bytes(1))).toBe(true)
    expect(verifyChunk(sha256, chunks[1]!, flipped)).toBe(false)
    expect(verifyChunk(sha256, chunks[1]!, bytes(1).subarray(1))).toBe(false)
    expect(verifyChunk(sha256, chunks[1]!, bytes(0))).toBe(false)
    expect(verifyChunk(sha256, chunks[1]!, new Uint8Array())).toBe(false)
  })
})

describe('a blob id', () => {
  it('is the state root over the parts, given in any order', () => {
    const parts = [tensor('f32', 8000), u8('b', 10), u8('a', 20)]
    const entries = parts.map(({ name, dtype, shape, bytes }) => ({
      name,
      dtype,
      shape,
      root: tensorRoot(sha256, dtype, bytes),
    }))
    const manifest = manifestOf(sha256, parts)
    expect(blobIdOf(sha256, manifest)).toBe(encodeHex(stateRoot(sha256, entries)))
    expect(manifest.parts.map(({ name }) => name)).toEqual(['a', 'b', 'w'])
    expect(manifestOf(sha256, parts.toReversed())).toEqual(manifest)
  })

  it('exists for a blob without parts and for a part without bytes', () => {
    const none = manifestOf(sha256, [])
    expect(blobIdOf(sha256, none)).toBe(encodeHex(stateRoot(sha256, [])))
    expect(layoutOf(none)).toEqual({ sizeBytes: 0, parts: [], chunks: [] })
    const empty = manifestOf(sha256, bytesBlob(new Uint8Array()))
    expect(layoutOf(empty)).toMatchObject({ sizeBytes: 0, chunks: [], parts: [{ name: 'bytes', chunkCount: 0 }] })
    for (const manifest of [none, empty]) {
      expect(decodeManifest(sha256, blobIdOf(sha256, manifest), encodeManifest(manifest))).toEqual({
        ok: true,
        manifest,
      })
    }
  })

  it('is refused to parts whose bytes are not those of their shape, and to equal names', () => {
    expect(() => manifestOf(sha256, [{ ...u8('a', 5), shape: [6] }])).toThrow(InputError)
    expect(() => manifestOf(sha256, [u8('a', 5), u8('a', 6)])).toThrow(InputError)
  })
})

describe('a manifest', () => {
  const manifest = manifestOf(
    native,
    [tensor('mx12', 66 * 9000), tensor('f32', 8), u8('a', 262_144 * 2 + 9)].map((part, i) => ({
      ...part,
      name: `p${i}`,
    })),
  )
  const id = blobIdOf(native, manifest)
  const encoded = encodeManifest(manifest)

  it('survives its encoding', () => {
    expect(decodeManifest(native, id, encoded)).toEqual({ ok: true, manifest })
  })

  it('belongs to one blob', () => {
    const other = manifestOf(native, [u8('a', 3)])
    expect(decodeManifest(native, id, encodeManifest(other))).toEqual({ ok: false, code: 'wrong-id' })
  })

  it('is refused after every change of a byte and at every length, without an exception', () => {
    fc.assert(
      fc.property(fc.nat(encoded.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = encoded.slice()
        changed[at]! ^= change
        expect(decodeManifest(native, id, changed).ok).toBe(false)
        expect(decodeManifest(native, id, encoded.subarray(0, at)).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it.each<[string, unknown]>([
    ['another format', ['cairn/manifest/v2', []]],
    [
      'a number of chunks that the shape does not ask for',
      ['cairn/manifest/v1', [['a', 'u8', [5], new Uint8Array(64)]]],
    ],
    ['half a hash', ['cairn/manifest/v1', [['a', 'u8', [0], new Uint8Array(5)]]]],
    ['no hashes', ['cairn/manifest/v1', [['a', 'u8', [5], new Uint8Array()]]]],
    ['a shape that nobody can hold', ['cairn/manifest/v1', [['a', 'u8', [2 ** 40, 2 ** 40], new Uint8Array(32)]]]],
    ['an unknown dtype', ['cairn/manifest/v1', [['a', 'f64', [5], new Uint8Array(32)]]]],
    ['a negative dimension', ['cairn/manifest/v1', [['a', 'u8', [-5], new Uint8Array(32)]]]],
    ['a nameless part', ['cairn/manifest/v1', [['', 'u8', [5], new Uint8Array(32)]]]],
    ['parts out of order', ['cairn/manifest/v1', ['b', 'a'].map(name => [name, 'u8', [5], new Uint8Array(32)])]],
    ['equal names', ['cairn/manifest/v1', ['a', 'a'].map(name => [name, 'u8', [5], new Uint8Array(32)])]],
    ['something else altogether', { parts: null }],
  ])('is malformed with %s', (_, value) => {
    expect(decodeManifest(sha256, id, encodeCanonical(value))).toEqual({ ok: false, code: 'malformed' })
  })

  it('cannot shorten a blob by passing an inner node off as a chunk', () => {
    const part = manifestOf(native, [u8('a', 262_144 * 2)]).parts[0]!
    const root = merkleRootOfHashes(native, part.chunkHashes)
    const forged = encodeCanonical(['cairn/manifest/v1', [['a', 'u8', part.shape, concat(root)]]])
    const realId = blobIdOf(native, { parts: [part] })
    expect(decodeManifest(native, realId, forged)).toEqual({ ok: false, code: 'malformed' })
  })
})
