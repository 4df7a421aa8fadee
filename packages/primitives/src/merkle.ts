/**
 * Binary Merkle trees over SHA-256. SPEC: protocol.md section 2; the tree is that of RFC 9162 section 2.1.
 * - leaf hash: hash(0x00 || leaf); inner node: hash(0x01 || left || right). The prefixes keep a leaf from posing as a node.
 * - A level pairs its nodes from the left; a node left over at an odd end is promoted unchanged to the next level.
 * - The empty tree's root is the hash of the empty string; a single leaf's root is its leaf hash.
 * - A root alone does not fix the number of leaves: whoever checks a proof takes the count from the program.
 */
import type { Hash } from './brand.ts'
import { equal } from './bytes.ts'
import { InputError } from './errors.ts'
import { HASH_SIZE_BYTES, type HashFunction, type LeafBytes } from './hash.ts'

const LEAF_PREFIX = Uint8Array.of(0)
const NODE_PREFIX = Uint8Array.of(1)

/** What a party claims: that `leaf` stands at `index` of the tree with this root and this many leaves. */
export interface MerkleOpening {
  readonly root: Uint8Array
  /** Number of leaves in the tree; from the program, never from the party that proves. */
  readonly leafCount: number
  readonly index: number
  readonly leaf: Uint8Array
  /** Sibling hashes from the leaf's level upwards; promoted levels have none. */
  readonly proof: readonly Uint8Array[]
}

/** Hashes one leaf with the leaf prefix. */
export const merkleLeafHash = (hash: HashFunction, leaf: Uint8Array): Hash => hash(LEAF_PREFIX, leaf)

/** Hashes two children with the node prefix. */
export const merkleNodeHash = (hash: HashFunction, left: Uint8Array, right: Uint8Array): Hash =>
  hash(NODE_PREFIX, left, right)

/** Computes the root over leaves of any size. */
export const merkleRoot = (hash: HashFunction, leaves: readonly Uint8Array[]): Hash =>
  merkleRootOfHashes(
    hash,
    leaves.map(leaf => merkleLeafHash(hash, leaf)),
  )

/** Computes the root above leaf hashes. SAFETY: pass only what `merkleLeafHash` made, or prefixes lose their meaning. */
export function merkleRootOfHashes(hash: HashFunction, leafHashes: readonly Hash[]): Hash {
  let level = leafHashes
  while (level.length > 1) level = parentLevel(hash, level)
  return level[0] ?? hash()
}

/** Hashes consecutive slices of `leafSizeBytes` (the last may be shorter) as leaves, without copying them. */
export function merkleLeafHashes(hash: HashFunction, bytes: Uint8Array, leafSizeBytes: number): Hash[] {
  if (!Number.isSafeInteger(leafSizeBytes) || leafSizeBytes < 1) throw badLeafSize(leafSizeBytes)
  const leafHashes: Hash[] = []
  for (let start = 0; start < bytes.length; start += leafSizeBytes) {
    leafHashes.push(merkleLeafHash(hash, bytes.subarray(start, start + leafSizeBytes)))
  }
  return leafHashes
}

/** A power of two. */
const LEAVES_PER_SLICE = 64

/**
 * Computes, for every tree, the roots over consecutive slices of so many leaves (the last may have fewer). With a power of
 * two of them, these are inner nodes of the tree over all leaves: its root is `merkleRootOfHashes` of them.
 */
export function sliceRoots(hash: HashFunction, trees: readonly LeafBytes[], leavesPerSlice: number): Hash[][] {
  if (hash.sliceRoots !== undefined) return hash.sliceRoots(trees, leavesPerSlice)
  return trees.map(({ bytes, leafSizeBytes }) => {
    if (!Number.isSafeInteger(leafSizeBytes) || leafSizeBytes < 1) throw badLeafSize(leafSizeBytes)
    const roots: Hash[] = []
    const sliceBytes = leafSizeBytes * leavesPerSlice
    for (let start = 0; start < bytes.length; start += sliceBytes) {
      const slice = bytes.subarray(start, start + sliceBytes)
      roots.push(merkleRootOfHashes(hash, merkleLeafHashes(hash, slice, leafSizeBytes)))
    }
    return roots
  })
}

/** Computes the root of every tree; no bytes means the empty tree. */
export const leafRoots = (hash: HashFunction, trees: readonly LeafBytes[]): Hash[] =>
  sliceRoots(hash, trees, LEAVES_PER_SLICE).map(roots => merkleRootOfHashes(hash, roots))

/** Computes the root over consecutive slices of `leafSizeBytes`; no bytes means the empty tree. */
export const leafRoot = (hash: HashFunction, bytes: Uint8Array, leafSizeBytes: number): Hash =>
  merkleRootOfHashes(hash, sliceRoots(hash, [{ bytes, leafSizeBytes }], LEAVES_PER_SLICE)[0] ?? [])

/** Collects the sibling hashes that lead from leaf `index` to the root. Throws `InputError` for an index outside. */
export function merkleProof(hash: HashFunction, leafHashes: readonly Hash[], index: number): Hash[] {
  if (!isIndex(index, leafHashes.length)) throw badIndex(index, leafHashes.length)
  const proof: Hash[] = []
  let level = leafHashes
  for (let at = index; level.length > 1; at = at >>> 1) {
    const sibling = level[at ^ 1]
    if (sibling) proof.push(sibling)
    level = parentLevel(hash, level)
  }
  return proof
}

/** Tells whether an opening is true. Never throws: a malformed one, or a proof too long or too short, is just false. */
export function verifyMerkleProof(hash: HashFunction, opening: MerkleOpening): boolean {
  const { root, leafCount, index, leaf, proof } = opening
  if (!isHash(root) || !(leaf instanceof Uint8Array) || !isIndex(index, leafCount)) return false
  if (!Array.isArray(proof) || !proof.every(isHash)) return false
  const computed = rootFromProof(hash, merkleLeafHash(hash, leaf), index, leafCount, proof)
  return computed !== undefined && equal(computed, root)
}

function rootFromProof(
  hash: HashFunction,
  leafHash: Hash,
  index: number,
  leafCount: number,
  proof: readonly Uint8Array[],
): Hash | undefined {
  let node = leafHash
  let used = 0
  // Division, not shifts: a hostile count may exceed 32 bits.
  for (let at = index, width = leafCount; width > 1; at = Math.floor(at / 2), width = Math.ceil(width / 2)) {
    const isRight = at % 2 === 1
    if (!isRight && at === width - 1) continue // promoted: no sibling
    const sibling = proof[used++]
    if (!sibling) return undefined
    node = isRight ? merkleNodeHash(hash, sibling, node) : merkleNodeHash(hash, node, sibling)
  }
  return used === proof.length ? node : undefined
}

function parentLevel(hash: HashFunction, level: readonly Hash[]): Hash[] {
  const parents: Hash[] = []
  for (let i = 0; i + 1 < level.length; i += 2) parents.push(merkleNodeHash(hash, level[i]!, level[i + 1]!))
  if (level.length % 2 === 1) parents.push(level.at(-1)!)
  return parents
}

const isHash = (value: unknown): boolean => value instanceof Uint8Array && value.length === HASH_SIZE_BYTES

const isIndex = (index: number, count: number): boolean =>
  Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 0 && index < count

const badIndex = (index: number, count: number): InputError =>
  new InputError('BadMerkleIndex', 'The tree has no such leaf.', {
    expected: `an index below ${count}`,
    found: String(index),
    fix: 'Ask for a leaf inside the tree.',
  })

const badLeafSize = (size: number): InputError =>
  new InputError('BadLeafSize', 'A leaf needs at least one byte.', {
    expected: 'a positive integer',
    found: String(size),
    fix: 'Pass the leaf size in bytes, such as 4096.',
  })
