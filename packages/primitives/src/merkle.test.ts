import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concat, decodeHex, encodeUtf8, equal } from './bytes.ts'
import { type HashFunction, hashToHex, sha256 } from './hash.ts'
import {
  leafRoot,
  type MerkleOpening,
  merkleLeafHash,
  merkleLeafHashes,
  merkleNodeHash,
  merkleProof,
  merkleRoot,
  merkleRootOfHashes,
  verifyMerkleProof,
} from './merkle.ts'

// Leaves and roots of the Certificate Transparency reference tests (RFC 6962 trees of 1 to 8 leaves).
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

const leaves = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 })
const tree = fc.tuple(leaves, fc.nat()).map(([all, seed]) => open(all, seed % all.length))

function open(all: readonly Uint8Array[], index: number): MerkleOpening {
  const hashes = all.map(leaf => merkleLeafHash(sha256, leaf))
  const proof = merkleProof(sha256, hashes, index)
  return { root: merkleRoot(sha256, all), leafCount: all.length, index, leaf: all[index]!, proof }
}

describe('merkleRoot', () => {
  test.each(ROOTS.map((root, i) => [i + 1, root] as const))(
    'of %i reference leaves is the published root',
    (n, root) => {
      expect(hashToHex(merkleRoot(sha256, LEAVES.slice(0, n).map(decodeHex)))).toBe(root)
    },
  )

  test('of no leaves is the hash of the empty string', () => {
    expect(merkleRoot(sha256, [])).toEqual(sha256())
    expect(merkleRootOfHashes(sha256, [])).toEqual(sha256())
  })

  test('keeps a pair of leaf hashes from posing as a leaf', () => {
    const two = [encodeUtf8('a'), encodeUtf8('b')]
    const pair = concat(...two.map(leaf => merkleLeafHash(sha256, leaf)))
    expect(merkleRoot(sha256, two)).not.toEqual(merkleRoot(sha256, [pair]))
  })

  test('leaves the hashes it was given untouched', () => {
    const hashes = LEAVES.map(text => merkleLeafHash(sha256, decodeHex(text)))
    const before = [...hashes]
    merkleRootOfHashes(sha256, hashes)
    expect(hashes).toEqual(before)
  })
})

describe('leafRoot', () => {
  test('is the root over consecutive slices, the last one short', () => {
    const slices = [Uint8Array.of(1, 2), Uint8Array.of(3, 4), Uint8Array.of(5)]
    expect(leafRoot(sha256, Uint8Array.of(1, 2, 3, 4, 5), 2)).toEqual(merkleRoot(sha256, slices))
    expect(leafRoot(sha256, new Uint8Array(), 4096)).toEqual(sha256())
  })

  test('hashes the caller’s memory without copying it', () => {
    const bytes = new Uint8Array(10)
    const buffers = new Set<ArrayBufferLike>()
    const spy: HashFunction = (...parts) => {
      if (parts.length === 2) buffers.add(parts[1]!.buffer)
      return sha256(...parts)
    }
    leafRoot(spy, bytes, 4)
    expect(buffers.has(bytes.buffer)).toBe(true)
    expect(buffers.size).toBe(1)
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses a leaf size of %d', size => {
    expect(() => merkleLeafHashes(sha256, new Uint8Array(1), size)).toThrow(
      expect.objectContaining({ code: 'BadLeafSize' }),
    )
  })
})

describe('merkleProof', () => {
  test('of every leaf of every tree verifies', () => {
    fc.assert(fc.property(tree, opening => verifyMerkleProof(sha256, opening)))
  })

  test('refuses an index outside the tree', () => {
    const hashes = [merkleLeafHash(sha256, new Uint8Array())]
    for (const index of [-1, 1, 0.5]) {
      expect(() => merkleProof(sha256, hashes, index)).toThrow(expect.objectContaining({ code: 'BadMerkleIndex' }))
    }
  })
})

describe('verifyMerkleProof', () => {
  test('refuses another leaf, another root and any other place', () => {
    fc.assert(
      fc.property(tree, fc.uint8Array({ maxLength: 8 }), fc.nat({ max: 45 }), (opening, leaf, index) => {
        fc.pre(!equal(leaf, opening.leaf) && index !== opening.index)
        expect(verifyMerkleProof(sha256, { ...opening, leaf })).toBe(false)
        expect(verifyMerkleProof(sha256, { ...opening, root: sha256(leaf) })).toBe(false)
        expect(verifyMerkleProof(sha256, { ...opening, leaf, index })).toBe(false)
      }),
    )
  })

  test('refuses a proof with any hash changed, dropped or added', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (opening, seed) => {
        const { proof } = opening
        const at = seed % (proof.length + 1)
        const wrong = sha256(Uint8Array.of(7))
        const added = [...proof.slice(0, at), wrong, ...proof.slice(at)]
        expect(verifyMerkleProof(sha256, { ...opening, proof: added })).toBe(false)
        if (at === proof.length) return
        expect(verifyMerkleProof(sha256, { ...opening, proof: proof.with(at, wrong) })).toBe(false)
        expect(verifyMerkleProof(sha256, { ...opening, proof: proof.toSpliced(at, 1) })).toBe(false)
      }),
    )
  })

  test('binds the proof length to the leaf count', () => {
    const opening = open(LEAVES.map(decodeHex), 0)
    for (const leafCount of [1, 2, 4, 9, 16, 2 ** 32 + 8, Number.MAX_SAFE_INTEGER]) {
      expect(verifyMerkleProof(sha256, { ...opening, leafCount })).toBe(false)
    }
  })

  test('follows an index beyond 32 bits', () => {
    const index = 2 ** 39 + 2 ** 31 + 5
    const leaf = Uint8Array.of(1)
    const proof = Array.from({ length: 40 }, (_, level) => sha256(Uint8Array.of(level)))
    const root = proof.reduce(
      (node, sibling, level) => {
        const isRight = (BigInt(index) >> BigInt(level)) % 2n === 1n
        return isRight ? merkleNodeHash(sha256, sibling, node) : merkleNodeHash(sha256, node, sibling)
      },
      merkleLeafHash(sha256, leaf),
    )
    expect(verifyMerkleProof(sha256, { root, leafCount: 2 ** 40, index, leaf, proof })).toBe(true)
  })

  test('refuses an inner node offered as a leaf', () => {
    const [a, b, c, d] = LEAVES.slice(0, 4).map(text => merkleLeafHash(sha256, decodeHex(text)))
    const node = concat(a!, b!)
    const proof = [merkleNodeHash(sha256, c!, d!)]
    const root = decodeHex(ROOTS[3]!)
    expect(verifyMerkleProof(sha256, { root, leafCount: 2, index: 0, leaf: node, proof })).toBe(false)
  })

  test('answers false, and does not throw, for malformed openings', () => {
    const good = open(LEAVES.map(decodeHex), 3)
    const wrongs: Record<string, unknown>[] = [
      { root: null },
      { root: new Uint8Array(31) },
      { leaf: 'leaf' },
      { leafCount: Number.POSITIVE_INFINITY },
      { leafCount: 2 ** 60 },
      { leafCount: 8n },
      { index: Number.NaN },
      { index: -1 },
      { index: 8 },
      { index: '3' },
      { proof: undefined },
      { proof: [1, 2, 3] },
      { proof: good.proof.map(hash => hash.subarray(1)) },
      { proof: { length: 3, every: () => true } },
    ]
    expect(verifyMerkleProof(sha256, good)).toBe(true)
    for (const wrong of wrongs) {
      expect(verifyMerkleProof(sha256, { ...good, ...wrong } as MerkleOpening)).toBe(false)
    }
  })
})
