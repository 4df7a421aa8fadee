/** The referee of jobs of letters: opens what a proof brings, and computes one letter or one partial result. */
import {
  decodeCanonical,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
  merkleLeafHash,
  verifyMerkleProof,
} from '@cairn/primitives'
import { operatorLeafOf } from '../dispute/disputed.ts'
import type { Opening, OperandOpening, Proof } from '../dispute/proof.ts'
import type { Disputed, Referee } from '../dispute/referee.ts'
import { DIVERGED, type Subject } from '../dispute/subject.ts'
import {
  LETTERS_PER_LEAF,
  type LetterOperator,
  type LetterProgram,
  letterFacts,
  mixed,
  mixPlaces,
  PARTIALS_PER_LEAF,
  partialCount,
  partialOf,
  slotLeaf,
} from './letters.ts'

interface Case {
  readonly subject: Subject
  readonly disputed: Disputed
  readonly proof: Proof
  readonly operator: LetterOperator
}

/** Programs are known here: tests need not send them. The leaf is opened all the same. */
export function letterReferee(hash: HashFunction, program: LetterProgram): Referee {
  const opens = (root: HashHex | undefined, leafCount: number, opening: Opening | undefined): boolean => {
    if (root === undefined || opening === undefined) return false
    const { index, content: leaf, path } = opening
    return verifyMerkleProof(hash, { root: hashFromHex(root), leafCount, index, leaf, proof: path.map(hashFromHex) })
  }
  const operatorAt = (subject: Subject, id: number, leaf: Opening | undefined): LetterOperator | undefined => {
    if (leaf?.index !== subject.firstOperator + id) return undefined
    if (!opens(subject.programRoot, subject.programLeaves, leaf)) return undefined
    return decodeCanonical(leaf.content) as unknown as LetterOperator
  }
  /** Reads a letter of an input, where its leaf is opened under the operator tree. */
  const read = ({ subject, disputed, operator, proof }: Case, input: number, at: number): number | undefined => {
    const id = operator.inputs[input] as number
    const found = proof.operands.find(o => o.input === input && o.leaf.index === Math.floor(at / LETTERS_PER_LEAF))
    if (found === undefined || !isOperand(subject, disputed, id, found)) return undefined
    return found.leaf.content[at % LETTERS_PER_LEAF]
  }
  const isOperand = (subject: Subject, { operatorTree }: Disputed, id: number, { tensor, leaf }: OperandOpening) => {
    if (tensor === undefined) return false
    const { leaves } = letterFacts(program, program.operators[id] as LetterOperator)
    const own = { index: id, content: operatorLeafOf(tensor.root), path: tensor.path }
    return opens(operatorTree, subject.operators, own) && opens(tensor.root, leaves, leaf)
  }
  /** The leaf that the defender showed, when the proof brings it. */
  const claimedLeaf = ({ disputed, proof }: Case): Uint8Array | undefined => {
    const { claimed } = proof
    const isShown = claimed !== undefined && hashToHex(merkleLeafHash(hash, claimed.content)) === disputed.leafHash
    return isShown ? claimed.content : undefined
  }

  const kinds: { readonly [Kind in Proof['kind']]: (c: Case) => boolean } = {
    root({ subject, disputed, proof, operator }) {
      const { source } = proof
      if (source === undefined || disputed.tensorRoot === undefined) return false
      if (operator.kind === 'state') {
        const content = slotLeaf(operator.slot, source.root)
        const state = disputed.run === 0 ? subject.globalRoot : disputed.previous
        const slots = (program.targets[0] as number[]).length
        return (
          opens(state, slots, { index: operator.slot, content, path: source.path }) &&
          source.root !== disputed.tensorRoot
        )
      }
      const content = operatorLeafOf(source.root)
      const isSource = opens(disputed.operatorTree, subject.operators, {
        index: operator.inputs[0] as number,
        content,
        path: source.path,
      })
      return operator.kind === 'copy' && isSource && source.root !== disputed.tensorRoot
    },
    element(c) {
      const { subject, disputed, proof, operator } = c
      if (operator.kind !== 'mix' || !(proof.at < operator.length)) return false
      const [a, b] = mixPlaces(program, operator, proof.at).map((place, input) => read(c, input, place))
      if (a === undefined || b === undefined) return false
      const letter = mixed(a, b, proof.at, subject.firstStep + disputed.run)
      if (disputed.isFlagged || letter >= operator.limit) return letter >= operator.limit
      const leaf = claimedLeaf(c)
      const isHere = disputed.leaf === Math.floor(proof.at / LETTERS_PER_LEAF)
      return isHere && leaf !== undefined && leaf[proof.at % LETTERS_PER_LEAF] !== letter
    },
    index(c) {
      const { disputed, proof, operator } = c
      // Once a defender has named an element that left the domain, only that element is in question.
      if (disputed.isFlagged ? disputed.partialRoot !== undefined : disputed.tensorRoot === undefined) return false
      if (operator.kind !== 'choose' || !(proof.at < partialCount(program, operator))) return false
      const letter = read(c, 1, proof.at)
      return letter !== undefined && letter >= operator.limit
    },
    partial(c) {
      const { disputed, proof, operator } = c
      const { at } = proof
      const leaf = claimedLeaf(c)
      const isHere = disputed.leaf === Math.floor(at / PARTIALS_PER_LEAF) && at < partialCount(program, operator)
      if (leaf === undefined || !isHere || disputed.partialRoot === undefined) return false
      const values = operator.inputs.map((_, input) => read(c, input, at))
      if (values.includes(undefined)) return false
      const before = at === 0 ? 0 : partialBefore(c, at - 1)
      if (before === undefined) return false
      return leaf[at % PARTIALS_PER_LEAF] !== partialOf(operator, disputed.element, before, values as number[])
    },
    value(c) {
      const { disputed, proof, operator } = c
      const last = partialCount(program, operator) - 1
      const leaf = claimedLeaf(c)
      if (leaf === undefined || disputed.partialRoot === undefined || last < 0) return false
      if (disputed.leaf !== Math.floor(last / PARTIALS_PER_LEAF)) return false
      const letter = leaf[last % PARTIALS_PER_LEAF] as number
      const diverges = operator.kind === 'fold' && letter >= operator.limit
      if (disputed.isFlagged) return !diverges
      if (diverges) return true
      const [element] = proof.partials
      const { leaves } = letterFacts(program, operator)
      const isElement = element?.index === Math.floor(disputed.element / LETTERS_PER_LEAF)
      if (!isElement || !opens(disputed.tensorRoot, leaves, element)) return false
      return element.content[disputed.element % LETTERS_PER_LEAF] !== letter
    },
    slot({ subject, disputed, proof }) {
      const { firstSlot, slots } = subject.targets[disputed.target] as Subject['targets'][number]
      const { source, program: leaf, at } = proof
      if (!(at < slots) || leaf?.index !== firstSlot + at || source === undefined) return false
      if (!opens(subject.programRoot, subject.programLeaves, leaf) || disputed.leafHash === undefined) return false
      const [slot, operator] = decodeCanonical(leaf.content) as [number, number]
      const from = { index: operator, content: operatorLeafOf(source.root), path: source.path }
      if (!opens(disputed.operatorTree, subject.operators, from)) return false
      return hashToHex(merkleLeafHash(hash, slotLeaf(slot, source.root))) !== disputed.leafHash
    },
    flag({ subject, disputed, proof }) {
      const { claimed } = proof
      if (!opens(disputed.operatorTree, subject.operators, claimed)) return false
      const isFlagged = claimed?.content[0] === 1
      if (isFlagged && claimed?.index === disputed.operator - 1)
        return disputed.isFlagged || disputed.tensorRoot !== undefined
      const isLast = claimed?.index === subject.operators - 1
      return !disputed.isFlagged && isLast && isFlagged !== (disputed.end === DIVERGED)
    },
  }
  return {
    operator(subject, id, leaf) {
      const operator = operatorAt(subject, id, leaf)
      return operator && letterFacts(program, operator)
    },
    judge(subject, disputed, proof) {
      if (!Number.isSafeInteger(proof.at) || proof.at < 0) return false
      const operator = operatorAt(subject, disputed.operator, proof.program)
      if (proof.kind === 'slot' || proof.kind === 'flag')
        return kinds[proof.kind]({ subject, disputed, proof, operator: program.operators[0] as LetterOperator })
      return operator !== undefined && kinds[proof.kind]({ subject, disputed, proof, operator })
    },
  }

  function partialBefore({ disputed, proof, operator }: Case, at: number): number | undefined {
    const leaves = Math.ceil(partialCount(program, operator) / PARTIALS_PER_LEAF)
    const found = proof.partials.find(({ index }) => index === Math.floor(at / PARTIALS_PER_LEAF))
    if (!opens(disputed.partialRoot, leaves, found)) return undefined
    return found?.content[at % PARTIALS_PER_LEAF]
  }
}
