/**
 * How a tree is narrowed: 16 children at a time, each an aligned block of 16^k leaves. Such a block's hash is a node of the
 * RFC 9162 tree (or its last, partial subtree), so the node above a block of blocks is the tree over their hashes.
 */
import { type HashFunction, type HashHex, hashFromHex, hashToHex, merkleRootOfHashes } from '@cairn/primitives'

/** Children shown in one move, at most. */
const ARITY = 16

/** A subtree: the leaves from `first`, at most `span` of them, of a tree with so many leaves. */
export interface Subtree {
  readonly leaves: number
  readonly first: number
  /** A power of 16. */
  readonly span: number
}

/** The leaves from `first`, cut to `most` of them, in the smallest subtree that holds them: it is not narrowed in vain. */
function subtree(leaves: number, first: number, most: number): Subtree {
  let span = 1
  while (span < Math.min(most, leaves - first)) span *= ARITY
  return { leaves, first, span }
}

/** The whole tree. */
export const wholeTree = (leaves: number): Subtree => subtree(leaves, 0, leaves)

/** Leaves of each child; 1 for a subtree of one leaf, which is its own only child. */
export const childSpan = ({ span }: Subtree): number => Math.max(1, span / ARITY)

/** How many children a subtree has. */
export const childCount = (tree: Subtree): number =>
  Math.ceil(Math.min(tree.span, tree.leaves - tree.first) / childSpan(tree))

/** Child number `index`. */
export const childOf = (tree: Subtree, index: number): Subtree =>
  subtree(tree.leaves, tree.first + index * childSpan(tree), childSpan(tree))

/** Computes the hash above hashes of children (or of leaves). */
export const rootOfHashes = (hash: HashFunction, hashes: readonly HashHex[]): HashHex =>
  hashToHex(merkleRootOfHashes(hash, hashes.map(hashFromHex)))

/** Computes the hashes of a subtree's children from those of all leaves. */
export function childHashes(hash: HashFunction, tree: Subtree, leafHashes: readonly HashHex[]): HashHex[] {
  return Array.from({ length: childCount(tree) }, (_, i) => {
    const first = tree.first + i * childSpan(tree)
    return rootOfHashes(hash, leafHashes.slice(first, first + childSpan(tree)))
  })
}

/** After how many runs the parts end into which a stretch of runs is cut: at most 16, of about one length. */
export function runParts(runs: number): number[] {
  const parts = Math.min(ARITY, runs)
  return Array.from({ length: parts }, (_, i) => Math.floor(((i + 1) * runs) / parts))
}
