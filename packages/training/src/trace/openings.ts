/** Checking what a proof opens. Counts come from the program or the job, never from the opening. */
import {
  concat,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
  merkleLeafHash,
  verifyMerkleProof,
} from '@cairn/primitives'
import { type Opening, operatorLeafOf, type RootOpening, tensorRoot } from '@cairn/protocol'
import type { Source, StateSource } from '../compile/sources.ts'
import type { Case } from './judged-case.ts'
import { counterAt } from './place.ts'

/** Tells whether a leaf stands under a root with so many leaves. */
export function opens(
  hash: HashFunction,
  root: HashHex | undefined,
  leafCount: number,
  opening: Opening | undefined,
): boolean {
  if (root === undefined || opening === undefined) return false
  const { index, content: leaf, path } = opening
  return verifyMerkleProof(hash, { root: hashFromHex(root), leafCount, index, leaf, proof: path.map(hashFromHex) })
}

export const leafHashOf = (hash: HashFunction, leaf: Uint8Array): HashHex => hashToHex(merkleLeafHash(hash, leaf))

/** The root of an operator's tensor, when this opening of the defender's operator tree is true. */
export function operatorRoot(
  { hash, subject, disputed }: Case,
  operator: number,
  opening: RootOpening | undefined,
): HashHex | undefined {
  if (opening === undefined) return undefined
  const { root, path } = opening
  const leaf = { index: operator, content: operatorLeafOf(root), path }
  return opens(hash, disputed.operatorTree, subject.operators, leaf) ? root : undefined
}

/** The root of the state that a source names. */
function agreedRoot({ subject, disputed }: Case, { state, of }: StateSource): HashHex | undefined {
  if (state === 'previous') return disputed.previous
  if (state === 'update') return subject.updateRoots[of]
  return state === 'global' ? subject.globalRoot : subject.replicaRoot
}

/** The root that a source makes a tensor have; undefined where the opening that shows it is missing or not true. */
export function rootOfSource(c: Case, source: Source, opening: RootOpening | undefined): HashHex | undefined {
  const { hash, place } = c
  if (source.from === 'constant') return source.root
  if (source.from === 'position') return hashToHex(tensorRoot(hash, 'i32', counterAt(source.counter, place)))
  if (source.from === 'operator') return operatorRoot(c, source.operator, opening)
  if (source.from === 'batch' || opening === undefined) return undefined
  const content = concat(source.prefix, hashFromHex(opening.root))
  const leaf = { index: source.slot, content, path: opening.path }
  return opens(hash, agreedRoot(c, source), source.slots, leaf) ? opening.root : undefined
}
