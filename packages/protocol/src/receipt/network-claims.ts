/**
 * Claims of a receipt from a network: its documents have the ids that the chain knows, everything is signed by somebody,
 * and the payments are what the work comes to. Whether signatures are good is `signatures.ts`.
 */
import type { HashFunction } from '@cairn/primitives'
import { bytesId, documentId, jobKey } from '../job-document.ts'
import { encodeRoundDocument } from '../round-document.ts'
import { type Claim, claim } from './claim.ts'
import { jobDocumentOf, roundDocumentOf } from './documents.ts'
import { amountOf, countAudits, countWork, termsOf } from './payments.ts'
import type { ReceiptBody, ReceiptNetwork, ReceiptRound, ReceiptUnit } from './schema.ts'

const SALTED_KEYS = ['worker', 'signature', 'account', 'claimSignature', 'stepsRoot', 'saltHash'] as const
const UNIT_KEYS = [...SALTED_KEYS, 'custody'] as const
const EVALUATION_KEYS = [...SALTED_KEYS, 'correct', 'total'] as const

/** Lists what must be there in a network, and must not in one process. */
export function formClaims({ network, rounds, payments, audits, disputes }: ReceiptBody): Claim[] {
  const isNetwork = network !== undefined
  const present = (path: string, value: unknown) => claim(path, isNetwork, value !== undefined)
  return [
    ...rounds.flatMap(({ units, evaluation, outers, documentId: id, anchor }, i) => [
      ...units.flatMap((unit, replica) =>
        UNIT_KEYS.map(key => present(`rounds[${i}].units[${replica}].${key}`, unit[key])),
      ),
      ...EVALUATION_KEYS.filter(() => evaluation !== undefined).map(key =>
        present(`rounds[${i}].evaluation.${key}`, evaluation?.[key]),
      ),
      present(`rounds[${i}].outers`, outers),
      present(`rounds[${i}].documentId`, id),
      claim(`rounds[${i}].anchor`, true, isNetwork || anchor === undefined),
    ]),
    claim('payments', true, isNetwork || payments.length === 0),
    claim('disputes', true, isNetwork || disputes.length === 0),
    claim('audits', (network?.terms.policy ?? 'none') !== 'none', audits !== 'not audited'),
  ]
}

/** Lists the claims that only a network's receipt makes. */
export function networkClaims(hash: HashFunction, receipt: ReceiptBody): Claim[] {
  const { network, rounds } = receipt
  if (network === undefined) return []
  const document = documentId(hash, jobDocumentOf(receipt, network))
  return [
    claim('network.documentId', document, network.documentId),
    claim('network.job', jobKey(network.submitter, network.documentId), network.job),
    ...rounds.flatMap((round, i) => roundClaims(hash, network, round, `rounds[${i}]`)),
    ...auditClaims(receipt, network),
    ...paymentClaims(receipt, network),
  ]
}

function roundClaims(hash: HashFunction, { job, terms }: ReceiptNetwork, round: ReceiptRound, path: string): Claim[] {
  const document = roundDocumentOf(job, round)
  if (document === undefined) return [] // a form claim says what is missing
  return [
    claim(`${path}.documentId`, bytesId(hash, encodeRoundDocument(document)), round.documentId ?? ''),
    ...round.units.map((unit, replica) => custodyClaim(unit, terms.custodians, `${path}.units[${replica}].custody`)),
  ]
}

/**
 * What the chain takes: a coordinator may list attestations that say nothing, by a unit's own worker or of no unit, and a receipt
 * has to be there and tell of them all the same.
 */
function auditClaims({ audits, rounds, spec }: ReceiptBody, { terms }: ReceiptNetwork): Claim[] {
  if (audits === 'not audited') return []
  const { replicas } = spec.schedule
  const works = rounds.length * replicas + rounds.filter(({ evaluation }) => evaluation !== undefined).length
  return [
    claim('audits', true, audits.length <= terms.verifiers * works),
    ...audits.flatMap(({ round, index, link }, i) => [
      claim(`audits[${i}].index`, true, index <= replicas),
      claim(`audits[${i}].link`, true, link > round && link <= rounds.length),
    ]),
  ]
}

/** Enough nodes hold what a unit left behind, and its worker is none of them. */
function custodyClaim({ worker, custody = [] }: ReceiptUnit, needed: number, path: string): Claim {
  const others = new Set(custody.map(({ peer }) => peer).filter(peer => peer !== worker))
  return claim(path, true, others.size === custody.length && others.size >= needed)
}

function paymentClaims(receipt: ReceiptBody, network: ReceiptNetwork): Claim[] {
  const { payments, rounds, diverged, audits } = receipt
  const terms = termsOf(receipt, network)
  const counts = countWork(rounds, terms.custodians)
  const attested = countAudits(audits)
  const paid = new Set(payments.map(({ peer }) => peer))
  const accounts = new Set(payments.map(({ account }) => account))
  const total = payments.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  return [
    ...payments.flatMap((payment, i) => {
      const { trained = 0, evaluated = 0, kept = 0 } = counts.get(payment.peer) ?? {}
      const path = `payments[${i}]`
      const before = payments[i - 1]
      // What was done in the round that diverged is paid, and is in no round.
      const inRounds = (counted: number, paidFor: number) =>
        diverged !== undefined && paidFor > counted ? paidFor : counted
      return [
        claim(`${path}.peer`, true, before === undefined || before.peer < payment.peer),
        claim(`${path}.trained`, inRounds(trained, payment.trained), payment.trained),
        claim(`${path}.evaluated`, inRounds(evaluated, payment.evaluated), payment.evaluated),
        claim(`${path}.kept`, kept, payment.kept),
        claim(`${path}.audited`, attested.get(payment.account) ?? 0, payment.audited),
        claim(`${path}.amount`, amountOf(terms, payment), payment.amount),
      ]
    }),
    ...[...counts.keys()].map(peer => claim('payments', peer, paid.has(peer) ? peer : 'no payment for this node')),
    ...[...attested.keys()].map(account => claim('payments', true, accounts.has(account))),
    claim(
      'payments',
      rounds.length,
      payments.reduce((sum, { coordinated }) => sum + coordinated, 0),
    ),
    claim('network.terms.budget', true, total <= terms.budget),
  ]
}
