/** Who checked the work of a network receipt, as it says itself: attestations, and disputes that are over. */
import type { Receipt } from '@cairn/protocol'
import { unitName } from '../network/work-names.ts'
import { plural } from './format.ts'
import type { Screen } from './screen.ts'

type Dispute = Receipt['disputes'][number]

/** Attested work of all work, and by how many. Nobody where the job's policy is `none`. */
export interface AttestedWork {
  readonly units: number
  readonly ofUnits: number
  readonly evaluations: number
  readonly ofEvaluations: number
  readonly verifiers: number
}

const distinct = (names: readonly string[]): number => new Set(names).size

/** Counts the work that somebody else has attested. */
export function attestedWork({ audits, rounds, spec }: Receipt): AttestedWork | undefined {
  if (audits === 'not audited') return undefined
  const { replicas } = spec.schedule
  const attested = (isEvaluation: boolean) =>
    distinct(audits.filter(({ index }) => (index === replicas) === isEvaluation).map(a => `${a.round}/${a.index}`))
  return {
    ...{ units: attested(false), ofUnits: rounds.length * replicas },
    ...{ evaluations: attested(true), ofEvaluations: rounds.filter(({ evaluation }) => evaluation).length },
    verifiers: distinct(audits.map(({ verifier }) => verifier)),
  }
}

/** Who did a unit beside its worker and who audited a part of it have one kind of entry: they are counted together. */
function othersInWords({ audits, rounds, spec }: Receipt): string {
  if (audits === 'not audited') return ''
  const others = rounds.flatMap((_, round) =>
    Array.from({ length: spec.schedule.replicas }, (_, replica) =>
      distinct(audits.filter(audit => audit.round === round && audit.index === replica).map(a => a.verifier)),
    ),
  )
  const told = [...new Set(others)]
    .sort((a, b) => b - a)
    .map(count => `${plural(others.filter(one => one === count).length, 'unit')} by ${plural(count, 'other node')}`)
  return `Confirmed beside their workers: ${told.join(', ')}.`
}

function auditsInWords(receipt: Receipt): string {
  const work = attestedWork(receipt)
  if (work === undefined) return 'Nobody audited the work: the job asked for none.'
  const { units, ofUnits, evaluations, ofEvaluations, verifiers } = work
  const done = receipt.spec.verification.policy === 'redundancy' ? `${othersInWords(receipt)}\n` : ''
  const also = ofEvaluations === 0 ? '' : ` and ${evaluations} of ${plural(ofEvaluations, 'evaluation')}`
  return `${done}Audited in the network: ${units} of ${plural(ofUnits, 'unit')}${also}, by ${plural(verifiers, 'verifier')}.`
}

const OUTCOMES: Readonly<Record<Dispute['outcome'], string>> = {
  defended: 'defended: the challenger lost its bond',
  refuted: 'refuted: the work was wrong, and was done again',
  dissolved: 'dissolved: another dispute had refuted it',
}

function disputeInWords(
  { spec }: Receipt,
  { game, round, position, isOuter, isAttestation, ...parties }: Dispute,
): string {
  const unit = isAttestation ? 'an attestation' : unitName(position, spec.schedule.replicas)
  const about = isOuter ? `the outer step, as ${unit}'s worker signed it` : unit
  const { challenger, defender, outcome } = parties
  return `  ${game}: round ${round}, ${about}, by ${defender}, challenged by ${challenger}: ${isAttestation && outcome === 'refuted' ? 'refuted: it was wrong' : OUTCOMES[outcome]}`
}

/** Prints what the receipt says of audits and disputes, if it is one of a network. */
export function showChecks(screen: Screen, receipt: Receipt): void {
  if (receipt.network === undefined) return
  screen.print(auditsInWords(receipt))
  const { disputes } = receipt
  if (disputes.length === 0) screen.print('Nobody disputed it.')
  else screen.print(`${plural(disputes.length, 'dispute')} about it, rounds and replicas counted from 0:`)
  for (const dispute of disputes) screen.print(disputeInWords(receipt, dispute))
}
