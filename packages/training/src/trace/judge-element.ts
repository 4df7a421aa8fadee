/**
 * Proofs about one element, one quantised block or one index: the referee computes it from the leaves that the proof
 * opens. Each is a charge; of an operator that is said to have left the domain it is the defender's witness.
 */
import { equal } from '@cairn/primitives'
import { type Computed, computeAtom, isOutOfRange } from './computations.ts'
import { type AtomRead, type Finding, NOTHING_FOUND } from './finding.ts'
import type { OperatorCase } from './judged-case.ts'
import { batchOf } from './judged-leaf.ts'
import { leafHashOf } from './openings.ts'
import { type Operands, operandsOf } from './operands.ts'
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

/** What a leaf holds at a place. */
export const claimedIn = (atoms: Atoms, leaf: Uint8Array, at: number): Partial<Finding> =>
  leaf.length === leafBytes(atoms, leafOfAtom(atoms, at)) ? { claimed: atomIn(atoms, leaf, at) } : { isMalformed: true }

/** Compares what was computed with what the defender says of it. */
function compare(c: OperatorCase, atoms: Atoms, { bytes, diverged }: Computed): Finding {
  const { disputed, proof } = c
  const found = { computed: bytes, diverged }
  if (disputed.isFlagged) return { shows: diverged && disputed.partialRoot === undefined, ...found }
  if (disputed.tensorRoot === undefined) return { shows: false, ...found }
  const leaf = shownLeaf(c, atoms, proof.at)
  if (leaf === undefined) return { shows: diverged, ...found }
  return { shows: diverged || differs(atoms, leaf, proof.at, bytes), ...claimedIn(atoms, leaf, proof.at), ...found }
}

/** An element of a map operator, of a dequantised tensor or of a batch, or a block of a quantised tensor. */
export function judgeElement(c: OperatorCase): Finding {
  const { hash, proof, leaf } = c
  const atoms = atomsOf(leaf.operator)
  const operands = operandsOf(c)
  if (operands === undefined || !isPlace(proof.at, atoms.count)) return NOTHING_FOUND
  const { read, reads } = noting(c, operands)
  const task = { hash, leaf, code: proof.code, at: proof.at, atoms: operands.atoms, read }
  const computed = computeAtom(task)
  return computed === undefined ? NOTHING_FOUND : { ...compare(c, atoms, computed), reads: [...reads.values()] }
}

/** Reads, and notes what was there, for people. */
function noting({ leaf }: OperatorCase, operands: Operands) {
  const reads = new Map<string, AtomRead>()
  const read = (input: number, index: number): Uint8Array | undefined => {
    const bytes = operands.read(input, index)
    // Operands of a batch are no operators.
    const of = batchOf(leaf) ? undefined : leaf.operator.inputs[input]
    if (bytes !== undefined) reads.set(`${input}/${index}`, { input, index, bytes, ...of })
    return bytes
  }
  return { read, reads }
}

/** An index of a scatter-add names a row that is not there. */
export function judgeIndex(c: OperatorCase): Finding {
  const { disputed, proof, leaf } = c
  const operands = operandsOf(c)
  const atoms = operands?.atoms[1]
  if (operands === undefined || atoms === undefined || !isPlace(proof.at, atoms.count)) return NOTHING_FOUND
  const isSaid = disputed.isFlagged ? disputed.partialRoot === undefined : disputed.tensorRoot !== undefined
  const index = operands.read(1, proof.at)
  if (index === undefined) return NOTHING_FOUND
  const diverged = isOutOfRange(leaf.operator, wordOf(index))
  return { shows: isSaid && diverged, computed: index, diverged }
}
