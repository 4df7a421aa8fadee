/**
 * Proofs about one element, one quantised block or one index: the referee computes it from the leaves that the proof
 * opens. Each is a charge; of an operator that is said to have left the domain it is the defender's witness.
 */
import { equal } from '@cairn/primitives'
import { type Computed, computeAtom, isOutOfRange } from './computations.ts'
import type { OperatorCase } from './judged-case.ts'
import { leafHashOf } from './openings.ts'
import { operandsOf } from './operands.ts'
import { type Atoms, atomIn, atomsOf, isPlace, leafBytes, leafOfAtom, wordOf } from './tensor-leaves.ts'

/** The leaf that the other side showed, if the proof brings it and it holds the atom in question. */
export function shownLeaf({ hash, disputed, proof }: OperatorCase, atoms: Atoms, at: number): Uint8Array | undefined {
  const { claimed } = proof
  const isIt = claimed !== undefined && leafHashOf(hash, claimed.content) === disputed.leafHash
  return isIt && disputed.leaf === leafOfAtom(atoms, at) ? claimed.content : undefined
}

/** Tells whether a leaf holds other bytes at a place than were computed, or is no leaf of such a tensor at all. */
export const differs = (atoms: Atoms, leaf: Uint8Array, at: number, bytes: Uint8Array): boolean =>
  leaf.length !== leafBytes(atoms, leafOfAtom(atoms, at)) || !equal(atomIn(atoms, leaf, at), bytes)

/** Compares what was computed with what the defender says of it. */
function refutes(c: OperatorCase, atoms: Atoms, { bytes, diverged }: Computed): boolean {
  const { disputed, proof } = c
  if (disputed.isFlagged) return diverged && disputed.partialRoot === undefined
  if (disputed.tensorRoot === undefined) return false
  if (diverged) return true
  const leaf = shownLeaf(c, atoms, proof.at)
  return leaf !== undefined && differs(atoms, leaf, proof.at, bytes)
}

/** An element of a map operator, of a dequantised tensor or of a batch, or a block of a quantised tensor. */
export function judgeElement(c: OperatorCase): boolean {
  const { hash, proof, leaf } = c
  const atoms = atomsOf(leaf.operator)
  const operands = operandsOf(c)
  if (operands === undefined || !isPlace(proof.at, atoms.count)) return false
  const computed = computeAtom({ hash, leaf, code: proof.code, at: proof.at, ...operands })
  return computed !== undefined && refutes(c, atoms, computed)
}

/** An index of a scatter-add names a row that is not there. */
export function judgeIndex(c: OperatorCase): boolean {
  const { disputed, proof, leaf } = c
  const operands = operandsOf(c)
  const atoms = operands?.atoms[1]
  if (operands === undefined || atoms === undefined || !isPlace(proof.at, atoms.count)) return false
  const isSaid = disputed.isFlagged ? disputed.partialRoot === undefined : disputed.tensorRoot !== undefined
  const index = operands.read(1, proof.at)
  return isSaid && index !== undefined && isOutOfRange(leaf.operator, wordOf(index))
}
