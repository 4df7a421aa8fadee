/** What a game has to know of an operator, from its program leaf. */
import type { OperatorFacts } from '@cairn/protocol'
import { partialAtoms } from './computations.ts'
import { isCopiedInput, type JudgedLeaf } from './judged-leaf.ts'
import { atomsOf, leafCount } from './tensor-leaves.ts'

/** Tells whether an operator's root comes from elsewhere: an input that is no batch, a constant, a reshape. */
function isCopy(leaf: JudgedLeaf): boolean {
  const { class: kind } = leaf.operator
  return kind === 'constant' || kind === 'reshape' || isCopiedInput(leaf)
}

/** Counts the leaves, elements and partial results of an operator. */
export function operatorFacts(leaf: JudgedLeaf): OperatorFacts {
  const own = atomsOf(leaf.operator)
  const partials = partialAtoms(leaf.operator)
  return {
    leaves: leafCount(own),
    elements: own.count,
    perLeaf: own.perLeaf,
    elementBytes: own.atomBytes,
    partials: partials.count,
    partialsPerLeaf: partials.perLeaf,
    partialBytes: partials.atomBytes,
    isCopy: isCopy(leaf),
  }
}
