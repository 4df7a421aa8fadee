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
  /** Attestations that were paid and say nothing: by who did the work, a second time, or of nothing. */
  readonly empty: number
}

const distinct = (names: readonly string[]): number => new Set(names).size

/** Lists attestations of work that there is, by somebody who did not do it, each once. */
function meantAudits({ audits, rounds, spec }: Receipt) {
  if (audits === 'not audited') return []
  const isMeant = ({ verifier, round, index }: (typeof audits)[number]) => {
    const done = index < spec.schedule.replicas ? rounds[round]?.units[index] : rounds[round]?.evaluation
    return done !== undefined && done.account !== verifier
  }
  const byPlace = new Map(audits.map(audit => [`${audit.round}/${audit.index}/${audit.verifier}`, audit]))
  return [...byPlace.values()].filter(isMeant)
}

/** Counts the work that somebody else has attested. */
export function attestedWork(receipt: Receipt): AttestedWork | undefined {
  const { audits, rounds, spec } = receipt
  if (audits === 'not audited') return undefined
  const { replicas } = spec.schedule
  const meant = meantAudits(receipt)
  const attested = (isEvaluation: boolean) =>
    distinct(meant.filter(({ index }) => (index === replicas) === isEvaluation).map(a => `${a.round}/${a.index}`))
  return {
    ...{ units: attested(false), ofUnits: rounds.length * replicas },
    ...{ evaluations: attested(true), ofEvaluations: rounds.filter(({ evaluation }) => evaluation).length },
    verifiers: distinct(meant.map(({ verifier }) => verifier)),
    empty: audits.length - meant.length,
  }
}

/** Who did a unit beside its worker and who audited a part of it have one kind of entry: they are counted together. */
function othersInWords(receipt: Receipt): string {
  const { rounds, spec } = receipt
  const audits = meantAudits(receipt)
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
  const { units, ofUnits, evaluations, ofEvaluations, verifiers, empty } = work
  const done = receipt.spec.verification.policy === 'redundancy' ? `${othersInWords(receipt)}\n` : ''
  const also = ofEvaluations === 0 ? '' : ` and ${evaluations} of ${plural(ofEvaluations, 'evaluation')}`
  const vain = `\n${plural(empty, 'attestation')} more, by who did the work, twice or of nothing, paid and not counted.`
  const by = `by ${plural(verifiers, 'verifier')}.${empty === 0 ? '' : vain}`
  return `${done}Audited in the network: ${units} of ${plural(ofUnits, 'unit')}${also}, ${by}`
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
