/** Proofs about partial results: one that does not follow from those before, or an element that is not the last one. */
import type { Opening } from '@cairn/protocol'
import { computePartial, elementOfPartial, isAccumulation, partialAtoms } from './computations.ts'
import { type Finding, NOTHING_FOUND } from './finding.ts'
import { claimedIn, differs, shownLeaf } from './judge-element.ts'
import type { OperatorCase } from './judged-case.ts'
import { opens } from './openings.ts'
import { operandsOf } from './operands.ts'
import { type Atoms, atomIn, atomsOf, isPlace, leafBytes, leafCount, leafOfAtom, wordOf } from './tensor-leaves.ts'

/** Reads partial results from the leaf that was shown, and from others that the proof opens. */
function partialReader({ hash, disputed, proof }: OperatorCase, atoms: Atoms, shown: Uint8Array) {
  const isTrue = (opening: Opening): boolean =>
    opening.content.length === leafBytes(atoms, opening.index) &&
    opens(hash, disputed.partialRoot, leafCount(atoms), opening)
  if (!proof.partials.every(isTrue)) return undefined
  return (number: number): number | undefined => {
    const index = leafOfAtom(atoms, number)
    const leaf = index === disputed.leaf ? shown : proof.partials.find(opening => opening.index === index)?.content
    return leaf && wordOf(atomIn(atoms, leaf, number))
  }
}

/** A leaf of a length that no such leaf has is wrong, whatever is in it. */
const MALFORMED: Finding = { shows: true, isMalformed: true }

/** A partial result is not what its operands make it. */
export function judgePartial(c: OperatorCase): Finding {
  const { disputed, proof, leaf } = c
  const atoms = partialAtoms(leaf.operator)
  if (disputed.partialRoot === undefined || !isPlace(proof.at, atoms.count)) return NOTHING_FOUND
  const shown = shownLeaf(c, atoms, proof.at)
  if (shown === undefined || !isAccumulation(leaf.operator)) return NOTHING_FOUND
  if (shown.length !== leafBytes(atoms, disputed.leaf)) return MALFORMED
  const [operands, partial] = [operandsOf(c), partialReader(c, atoms, shown)]
  if (operands === undefined || partial === undefined) return NOTHING_FOUND
  const { read } = operands
  const task = { operator: leaf.operator, element: disputed.element, at: proof.at, read, partial }
  const computed = computePartial(task)
  if (computed === undefined) return NOTHING_FOUND
  const claimed = atomIn(atoms, shown, proof.at)
  const { bytes, operands: from } = computed
  return { shows: differs(atoms, shown, proof.at, bytes), claimed, computed: bytes, operands: from }
}

/** An element is not canon of its last partial result, or that left the domain and the operator is said to be clean. */
export function judgeValue(c: OperatorCase): Finding {
  const { hash, disputed, proof, leaf } = c
  const [atoms, partials] = [atomsOf(leaf.operator), partialAtoms(leaf.operator)]
  const last = partials.count - 1
  if (disputed.partialRoot === undefined || proof.at !== last || last < 0) return NOTHING_FOUND
  const shown = shownLeaf(c, partials, last)
  if (shown === undefined) return NOTHING_FOUND
  if (shown.length !== leafBytes(partials, disputed.leaf)) return MALFORMED
  const { bytes, diverged } = elementOfPartial(atomIn(partials, shown, last))
  const found = { computed: bytes, diverged }
  if (disputed.isFlagged) return { shows: !diverged, ...found }
  if (diverged) return { shows: true, ...found }
  const [element] = proof.partials
  if (element?.index !== leafOfAtom(atoms, disputed.element)) return NOTHING_FOUND
  if (!opens(hash, disputed.tensorRoot, leafCount(atoms), element)) return NOTHING_FOUND
  const claimed = claimedIn(atoms, element.content, disputed.element)
  return { shows: differs(atoms, element.content, disputed.element, bytes), ...claimed, ...found }
}
