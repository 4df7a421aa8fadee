/** Proofs about roots: of operators that compute nothing, of slots at a run's end, and about who left the domain. */
import { concat, equal, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import { DIVERGED, operatorLeafOf, type Target } from '@cairn/protocol'
import type { Source } from '../compile/sources.ts'
import { type Finding, NOTHING_FOUND } from './finding.ts'
import type { Case, OperatorCase } from './judged-case.ts'
import { type JudgedLeaf, readSlotLeaf } from './judged-leaf.ts'
import { leafHashOf, opens, rootOfSource } from './openings.ts'
import { isPlace } from './tensor-leaves.ts'

/** Where an operator has its root from when it computes nothing. */
export function copiedFrom({ operator, sources }: JudgedLeaf, isFirst: boolean): Source | undefined {
  if (operator.class === 'input') return sources?.[isFirst ? 0 : 1]
  if (operator.class === 'constant') return { from: 'constant', root: hashToHex(operator.root) }
  const [input] = operator.inputs
  return operator.class === 'reshape' && input ? { from: 'operator', operator: input.operator } : undefined
}

/** Compares a root with the one that it has to be. */
const compare = (claimed: HashHex, computed: HashHex): Finding => ({
  shows: computed !== claimed,
  claimed: hashFromHex(claimed),
  computed: hashFromHex(computed),
})

/** A copy has another root than its source. A batch is computed, so `rootOfSource` has none for it. */
export function judgeRoot(c: OperatorCase): Finding {
  const { disputed, proof, leaf } = c
  const source = copiedFrom(leaf, disputed.previous === undefined)
  if (source === undefined || disputed.tensorRoot === undefined || disputed.isFlagged) return NOTHING_FOUND
  const root = rootOfSource(c, source, proof.source)
  return root === undefined ? NOTHING_FOUND : compare(disputed.tensorRoot, root)
}

/** A leaf of the state at a run's end is not that of the tensor its slot names. */
export function judgeSlot(c: Case): Finding {
  const { hash, subject, disputed, proof } = c
  const { firstSlot, slots } = subject.targets[disputed.target] as Target
  const { program, at } = proof
  // Only while slots are in question: a leaf of a tensor is none of them.
  if (disputed.tensorRoot !== undefined || disputed.isFlagged) return NOTHING_FOUND
  if (disputed.leafHash === undefined || !isPlace(at, slots)) return NOTHING_FOUND
  if (program?.index !== firstSlot + at || !opens(hash, subject.programRoot, subject.programLeaves, program))
    return NOTHING_FOUND
  const { prefix, source } = readSlotLeaf(program.content)
  const root = rootOfSource(c, source, proof.source)
  if (root === undefined) return NOTHING_FOUND
  return compare(disputed.leafHash, leafHashOf(hash, concat(prefix, hashFromHex(root))))
}

/**
 * The operator before the disputed one left the domain: then it cannot be clean, and the defender says rightly that it is
 * not, unless it named an element of its own. Or the last operator says otherwise of the run than its end does.
 */
export function judgeFlag({ hash, subject, disputed, proof }: Case): Finding {
  const { claimed } = proof
  if (claimed === undefined || !opens(hash, disputed.operatorTree, subject.operators, claimed)) return NOTHING_FOUND
  const isFlagged = equal(claimed.content, operatorLeafOf(undefined))
  if (isFlagged && claimed.index === disputed.operator - 1)
    return { shows: disputed.isFlagged ? disputed.partialRoot === undefined : disputed.tensorRoot !== undefined }
  const isLast = claimed.index === subject.operators - 1
  return { shows: !disputed.isFlagged && isLast && isFlagged !== (disputed.end === DIVERGED) }
}
