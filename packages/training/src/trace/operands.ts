/**
 * What a disputed computation reads, from the leaves that a proof opens. All of them have to be true. A place that no
 * leaf covers is *absent*, which is fine as long as the result does not depend on it.
 */
import { concat, type HashHex, hashFromHex } from '@cairn/primitives'
import type { OperandOpening } from '@cairn/protocol'
import type { BatchOperandSource, BatchSource } from '../compile/sources.ts'
import { copiedFrom } from './judge-root.ts'
import type { OperatorCase } from './judged-case.ts'
import { batchOf, isCopiedInput } from './judged-leaf.ts'
import { leafHashOf, opens, operatorRoot, rootOfSource } from './openings.ts'
import { counterAt } from './place.ts'
import { type Atoms, atomIn, atomsOf, leafBytes, leafCount, leafOfAtom, operandAtoms } from './tensor-leaves.ts'

/** Leaves that a last move may open beside the one that the other side showed. */
const MOST_OPENINGS = 4

export interface Operands {
  /** How many atoms an input has. */
  readonly atoms: readonly Atoms[]
  /** The bytes of an atom; undefined when it is absent. The place has to be in range. */
  read(input: number, atom: number): Uint8Array | undefined
}

/** Tells whether an opening shows a leaf of an input; undefined inputs are out of range. */
function isTrue(c: OperatorCase, batch: BatchSource | undefined, atoms: Atoms, opening: OperandOpening): boolean {
  const { hash, subject, leaf } = c
  const { input, tensor } = opening
  const root = batch
    ? batchRoot(c, batch.operands[input] as BatchOperandSource, opening)
    : isCopiedInput(leaf)
      ? sourceRoot(c)
      : operatorRoot(c, leaf.operator.inputs[input]?.operator ?? subject.operators, tensor)
  const hasLength = opening.leaf.content.length === leafBytes(atoms, opening.leaf.index)
  return hasLength && opens(hash, root, leafCount(atoms), opening.leaf)
}

/** The root of what an input copies. */
function sourceRoot(c: OperatorCase): HashHex | undefined {
  const source = copiedFrom(c.leaf, c.disputed.previous === undefined)
  return source && rootOfSource(c, source, c.proof.source)
}

/** The root of an operand of a batch. The data's blob is a state of one tensor, so its root's way up is empty. */
function batchRoot({ hash, subject }: OperatorCase, operand: BatchOperandSource, { tensor }: OperandOpening) {
  if (operand.from === 'constant') return operand.root
  if (operand.from === 'position' || tensor === undefined || tensor.path.length > 0) return undefined
  const blob = leafHashOf(hash, concat(operand.prefix, hashFromHex(tensor.root)))
  return blob === subject.dataRoot ? tensor.root : undefined
}

/** Checks all openings of a proof. Undefined when one is not true, or there are too many. */
export function operandsOf(c: OperatorCase): Operands | undefined {
  const { proof, leaf, place } = c
  const batch = batchOf(leaf)
  const atoms = batch
    ? batch.operands.map(({ dtype, elements }) => operandAtoms(dtype, elements))
    : (isCopiedInput(leaf) ? [leaf.operator] : leaf.operator.inputs).map(atomsOf)
  if (proof.operands.length + proof.partials.length > MOST_OPENINGS) return undefined
  const areTrue = proof.operands.every(opening => {
    const own = atoms[opening.input]
    return own !== undefined && isTrue(c, batch, own, opening)
  })
  if (!areTrue) return undefined
  return {
    atoms,
    read(input, atom) {
      const own = atoms[input] as Atoms
      if (batch?.operands[input]?.from === 'position') return atomIn(own, counterAt('key', place), atom)
      const index = leafOfAtom(own, atom)
      const found = proof.operands.find(opening => opening.input === input && opening.leaf.index === index)
      return found && atomIn(own, found.leaf.content, atom)
    },
  }
}
