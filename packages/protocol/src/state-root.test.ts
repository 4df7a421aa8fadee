import { createHash } from 'node:crypto'
import { encodeCanonical, encodeHex, type Hash, InputError, IntegrityError, sha256 } from '@cairn/primitives'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  orderedEntries,
  type StateEntry,
  stateLeaf,
  stateRoot,
  type TensorDtype,
  tensorRoot,
  tensorSizeBytes,
} from './state-root.ts'

/** A second implementation, by Node's own SHA-256, of one tree level after another. */
const digest = (...parts: Uint8Array[]): Uint8Array =>
  createHash('sha256').update(Buffer.concat(parts)).digest() as Uint8Array
const node = (left: Uint8Array, right: Uint8Array): Uint8Array => digest(Uint8Array.of(1), left, right)
const leaf = (bytes: Uint8Array): Uint8Array => digest(Uint8Array.of(0), bytes)

const pattern = (sizeBytes: number): Uint8Array => Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7 + 3) % 256)
const entry = (name: string, fill = 0): StateEntry => ({
  name,
  dtype: 'f32',
  shape: [2, 3],
  root: new Uint8Array(32).fill(fill) as Hash,
})

describe('tensorRoot', () => {
  it.each<[TensorDtype, number, number]>([
    ['f32', 4096, 4],
    ['i32', 4096, 4],
    ['mx8', 4092, 33],
    ['mx12', 4092, 66],
    ['u8', 4096, 1],
  ])('cuts %s into leaves of %i bytes', (dtype, leafSizeBytes, atomSizeBytes) => {
    const bytes = pattern(2 * leafSizeBytes + atomSizeBytes)
    const leaves = [0, 1, 2].map(i => leaf(bytes.subarray(i * leafSizeBytes, (i + 1) * leafSizeBytes)))
    const expected = node(node(leaves[0]!, leaves[1]!), leaves[2]!)
    expect(encodeHex(tensorRoot(sha256, dtype, bytes))).toBe(encodeHex(expected))
  })

  it('is the leaf hash of a tensor that fits into one leaf', () => {
    expect(encodeHex(tensorRoot(sha256, 'mx8', pattern(33)))).toBe(encodeHex(leaf(pattern(33))))
  })

  it.each<[TensorDtype, number]>([
    ['f32', 6],
    ['i32', 4095],
    ['mx8', 32],
    ['mx12', 33],
  ])('refuses %s bytes that end inside an element (%i)', (dtype, sizeBytes) => {
    expect(() => tensorRoot(sha256, dtype, pattern(sizeBytes))).toThrow(IntegrityError)
  })

  it('changes with every bit', () => {
    const bytes = pattern(8200)
    const root = encodeHex(tensorRoot(sha256, 'f32', bytes))
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), bit => {
        const flipped = bytes.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        expect(encodeHex(tensorRoot(sha256, 'f32', flipped))).not.toBe(root)
      }),
    )
  })
})

describe('tensorSizeBytes', () => {
  it.each<[TensorDtype, number[], number]>([
    ['f32', [], 4],
    ['i32', [3, 5], 60],
    ['mx8', [3, 33], 3 * 2 * 33],
    ['mx12', [2, 2, 32], 4 * 66],
    ['u8', [7], 7],
    ['f32', [4, 0], 0],
    ['mx8', [0, 32], 0],
  ])('of %s with shape %j is %i', (dtype, shape, sizeBytes) => {
    expect(tensorSizeBytes(dtype, shape)).toBe(sizeBytes)
  })
})

it('keeps the roots of docs/spec/roots.md', () => {
  const counting = (dtype: TensorDtype, sizeBytes: number): Hash =>
    tensorRoot(
      sha256,
      dtype,
      Uint8Array.from({ length: sizeBytes }, (_, i) => i % 251),
    )
  const f32 = counting('f32', 4096)
  const mx8 = counting('mx8', 4125)
  expect(encodeHex(f32)).toBe('c46b7e9f32bd7ac69139854bf809012fd58ea09765b26f84425175557b080a31')
  expect(encodeHex(mx8)).toBe('85cafc1d395dd249ff49eafe41371ca14fa2658efc51639dd1566bf1ae269d54')
  expect(encodeHex(counting('mx12', 4158))).toBe('05bc14601f5668026ee5478b07282b5a64f009344a526adc193fc20407abd9d4')
  const entries: StateEntry[] = [
    { name: 'b', dtype: 'f32', shape: [1024], root: f32 },
    { name: 'a', dtype: 'mx8', shape: [125, 32], root: mx8 },
  ]
  expect(encodeHex(stateRoot(sha256, entries))).toBe('ff899cf1186b519c3d2db55df05d37697b0c8749f3124a47d5b1311db4c9b4d8')
})

describe('stateRoot', () => {
  it('is the tree over canonical CBOR of [name, dtype, shape, root] in name order', () => {
    const leaves = ['a', 'b', 'c'].map((name, i) =>
      leaf(encodeCanonical([name, 'f32', [2, 3], new Uint8Array(32).fill(i)])),
    )
    const expected = node(node(leaves[0]!, leaves[1]!), leaves[2]!)
    expect(encodeHex(stateRoot(sha256, [entry('c', 2), entry('a', 0), entry('b', 1)]))).toBe(encodeHex(expected))
  })

  it('does not depend on the order it is given', () => {
    const names = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1 })
    const shuffled = names.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, ([list, again]) => {
        const root = (of: string[]): string =>
          encodeHex(
            stateRoot(
              sha256,
              of.map(name => entry(name)),
            ),
          )
        expect(root(again)).toBe(root(list))
      }),
    )
  })

  it('orders by code unit, not by alphabet or code point', () => {
    const names = ['é', 'z', '\u{1f600}', '\uff5e', 'Z', 'a.10', 'a.2']
    const expected = ['Z', 'a.10', 'a.2', 'z', 'é', '\u{1f600}', '\uff5e']
    expect(orderedEntries(names.map(name => entry(name))).map(({ name }) => name)).toEqual(expected)
  })

  it('tells apart states that differ in name, dtype, shape or root', () => {
    const variants: StateEntry[] = [
      entry('w'),
      entry('v'),
      entry('w', 1),
      { ...entry('w'), dtype: 'i32' },
      { ...entry('w'), shape: [3, 2] },
      { ...entry('w'), shape: [] },
    ]
    const roots = new Set(variants.map(variant => encodeHex(stateRoot(sha256, [variant]))))
    expect(roots.size).toBe(variants.length)
  })

  it('gives a state without tensors the root of the empty tree', () => {
    expect(encodeHex(stateRoot(sha256, []))).toBe(encodeHex(digest()))
  })

  it('refuses repeated names, empty names and impossible shapes', () => {
    expect(() => stateRoot(sha256, [entry('w'), entry('v'), entry('w', 1)])).toThrow(InputError)
    expect(() => stateLeaf(entry(''))).toThrow(InputError)
    expect(() => stateLeaf({ ...entry('w'), shape: [1.5] })).toThrow(InputError)
    expect(() => stateLeaf({ ...entry('w'), shape: [-1] })).toThrow(InputError)
  })
})
