/**
 * The referee of real jobs: judges a proof from the subject, what its game has come to, and the proof alone. It is the
 * readable twin of the contract. SPEC: docs/spec/referee.md; docs/spec/traces.md. Hostile bytes show nothing.
 */
import type { HashFunction } from '@cairn/primitives'
import type { Disputed, Opening, OperatorFacts, Proof, ProofKind, Referee, Subject } from '@cairn/protocol'
import { type Finding, NOTHING_FOUND } from './finding.ts'
import { judgeElement, judgeIndex } from './judge-element.ts'
import { judgePartial, judgeValue } from './judge-partial.ts'
import { judgeFlag, judgeRoot, judgeSlot } from './judge-root.ts'
import type { Case, OperatorCase } from './judged-case.ts'
import { type JudgedLeaf, readOperatorLeaf } from './judged-leaf.ts'
import { opens } from './openings.ts'
import { operatorFacts } from './operator-facts.ts'
import { placeOfRun } from './place.ts'

/** Proofs about an operator, whose program leaf comes with them. */
const operatorKinds: { readonly [K in Exclude<ProofKind, 'slot' | 'flag'>]: (c: OperatorCase) => Finding } = {
  root: judgeRoot,
  element: judgeElement,
  index: judgeIndex,
  partial: judgePartial,
  value: judgeValue,
}

/** Runs what may throw on bytes from a stranger; such bytes show nothing. */
function unlessMalformed<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}

/** A referee that also says what it compared. */
export interface ExplainingReferee extends Referee {
  /** Judges a proof as `judge` does, and returns the values behind it. Never throws. */
  find(subject: Subject, disputed: Disputed, proof: Proof): Finding
}

/** Makes the referee. `hash` is SHA-256. */
export function createReferee(hash: HashFunction): ExplainingReferee {
  function operatorLeaf(subject: Subject, operator: number, leaf: Opening | undefined): JudgedLeaf | undefined {
    const isIt = leaf?.index === subject.firstOperator + operator && operator < subject.operators
    return isIt && opens(hash, subject.programRoot, subject.programLeaves, leaf)
      ? readOperatorLeaf(leaf.content)
      : undefined
  }
  function findingOf(c: Case): Finding {
    const { subject, disputed, proof } = c
    if (proof.kind === 'slot') return judgeSlot(c)
    if (proof.kind === 'flag') return judgeFlag(c)
    const leaf = operatorLeaf(subject, disputed.operator, proof.program)
    return leaf === undefined ? NOTHING_FOUND : operatorKinds[proof.kind]({ ...c, leaf })
  }
  const find = (subject: Subject, disputed: Disputed, proof: Proof): Finding =>
    unlessMalformed(() => findingOf({ hash, subject, disputed, proof, place: placeOfRun(subject, disputed.run) })) ??
    NOTHING_FOUND
  return {
    operator: (subject, operator, opening): OperatorFacts | undefined =>
      unlessMalformed(() => {
        const leaf = operatorLeaf(subject, operator, opening)
        return leaf && operatorFacts(leaf)
      }),
    find,
    judge: (subject, disputed, proof) => find(subject, disputed, proof).shows,
  }
}
