/**
 * What the defender has shown so far. A proof opens leaves under the defender's roots, and the way up passes subtrees that
 * the challenger does not agree with: their hashes are known from here only. SPEC: docs/spec/disputes.md "Openings".
 */
import { type Hash, type HashFunction, type HashHex, hashFromHex, hashToHex, merkleNodeHash } from '@cairn/primitives'
import type { Move } from './moves.ts'
import { childSpan, wholeTree } from './narrowing.ts'
import type { Position } from './position.ts'

/** Hashes of blocks of leaves, by their level (log2 of the leaves of a full block) and number: `4/3`. */
export type Frontier = ReadonlyMap<string, HashHex>

export interface Shown {
  readonly operators: Frontier
  readonly elements: Frontier
  readonly partials: Frontier
  /** The leaf of the operator's tensor, and of the element's partial results, once the game has come to them. */
  readonly elementLeaf?: Uint8Array
  readonly partialLeaf?: Uint8Array
}

export const NOTHING_SHOWN: Shown = { operators: new Map(), elements: new Map(), partials: new Map() }

/** Adds what a move of the defender shows. `after` is the position that it led to. */
export function remember(shown: Shown, before: Position, move: Move, after: Position): Shown {
  if (move.move === 'content')
    return before.phase === 'elements'
      ? { ...shown, elementLeaf: move.content }
      : { ...shown, partialLeaf: move.content }
  if (move.move !== 'reveal' && move.move !== 'overflow') return shown
  const { phase } = after
  if (phase !== 'operators' && phase !== 'elements' && phase !== 'partials') return shown
  const tree = move.hashes.length === 1 ? wholeTree(1) : after.tree
  const level = Math.log2(childSpan(tree))
  const first = after.tree.first / childSpan(tree)
  const blocks = move.hashes.map((hash, i) => [`${level}/${first + i}`, hash] as const)
  return { ...shown, [phase]: new Map([...shown[phase], ...blocks]) }
}

/** Collects the way up from a leaf: own hashes below what was shown, and what was shown. */
export function wayUp(
  hash: HashFunction,
  leafHashes: readonly HashHex[],
  frontier: Frontier,
  index: number,
): HashHex[] {
  const widths = [leafHashes.length]
  while ((widths.at(-1) as number) > 1) widths.push(Math.ceil((widths.at(-1) as number) / 2))
  const nodeAt = (level: number, at: number): Hash => {
    const known = frontier.get(`${level}/${at}`)
    if (known !== undefined) return hashFromHex(known)
    if (level === 0) return hashFromHex(leafHashes[at] as HashHex)
    const [left, right] = [2 * at, 2 * at + 1]
    if (right >= (widths[level - 1] as number)) return nodeAt(level - 1, left)
    return merkleNodeHash(hash, nodeAt(level - 1, left), nodeAt(level - 1, right))
  }
  const path: HashHex[] = []
  for (let [level, at] = [0, index]; (widths[level] as number) > 1; level++, at >>= 1) {
    if ((at ^ 1) < (widths[level] as number)) path.push(hashToHex(nodeAt(level, at ^ 1)))
  }
  return path
}
