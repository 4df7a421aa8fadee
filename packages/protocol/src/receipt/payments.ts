/**
 * Who earned what with a job of a network, counted from the signed work in its receipt. SPEC: docs/spec/receipt.md
 * "Payments"; docs/spec/earnings.md.
 */
import { POLICIES, priceOf, type Terms } from '../settlement/terms.ts'
import type { Payment, ReceiptBody, ReceiptNetwork, ReceiptRound } from './schema.ts'

type Work = 'trained' | 'evaluated' | 'kept'
export type WorkCounts = Readonly<Record<Work, number>>

const nothing: WorkCounts = { trained: 0, evaluated: 0, kept: 0 }

/** Counts the work of every node, by its public key. Only the custodians that the terms ask for are paid. */
export function countWork(rounds: readonly ReceiptRound[], custodians: number): Map<string, WorkCounts> {
  const counts = new Map<string, WorkCounts>()
  const add = (peer: string | undefined, work: Work) => {
    if (peer === undefined) return
    const before = counts.get(peer) ?? nothing
    counts.set(peer, { ...before, [work]: before[work] + 1 })
  }
  for (const { units, evaluation } of rounds) {
    for (const { worker, custody = [] } of units) {
      add(worker, 'trained')
      for (const { peer } of custody.slice(0, custodians)) add(peer, 'kept')
    }
    add(evaluation?.worker, 'evaluated')
  }
  return counts
}

/** Counts the attestations that were paid, by account. */
export function countAudits(audits: ReceiptBody['audits']): Map<string, number> {
  const counts = new Map<string, number>()
  if (audits === 'not audited') return counts
  for (const { verifier } of audits) counts.set(verifier, (counts.get(verifier) ?? 0) + 1)
  return counts
}

/** Writes down what the escrow was opened with. */
export function receiptTerms(terms: Terms): ReceiptNetwork['terms'] {
  const { policy, provable, auditRate, verifiers, maximumUnsettled, custodians } = terms
  const { budget, trainPrice, evaluatePrice, custodyPrice, roundPrice, auditPrice } = terms
  return {
    policy: POLICIES[policy] as (typeof POLICIES)[number],
    ...{ provable, auditRate, verifiers, maximumUnsettled, custodians },
    budget: String(budget),
    trainPrice: String(trainPrice),
    evaluatePrice: String(evaluatePrice),
    custodyPrice: String(custodyPrice),
    roundPrice: String(roundPrice),
    auditPrice: String(auditPrice),
  }
}

/** Returns what the escrow was opened with. */
export function termsOf({ spec }: Pick<ReceiptBody, 'spec'>, { terms, documentId }: ReceiptNetwork): Terms {
  const { rounds, replicas } = spec.schedule
  return {
    document: documentId,
    policy: POLICIES.indexOf(terms.policy),
    provable: terms.provable,
    auditRate: terms.auditRate,
    verifiers: terms.verifiers,
    auditPrice: BigInt(terms.auditPrice),
    maximumUnsettled: terms.maximumUnsettled,
    budget: BigInt(terms.budget),
    trainPrice: BigInt(terms.trainPrice),
    evaluatePrice: BigInt(terms.evaluatePrice),
    custodyPrice: BigInt(terms.custodyPrice),
    roundPrice: BigInt(terms.roundPrice),
    rounds,
    replicas,
    evaluateEvery: spec.evaluation.everyRounds,
    custodians: terms.custodians,
  }
}

/** Prices a node's counted work. */
export function amountOf(terms: Terms, counts: Omit<Payment, 'peer' | 'account' | 'amount'>): string {
  const { trained, evaluated, kept, coordinated, audited } = counts
  return String(
    priceOf(terms, {
      trained: BigInt(trained),
      evaluated: BigInt(evaluated),
      kept: BigInt(kept),
      coordinated: BigInt(coordinated),
      audited: BigInt(audited),
    }),
  )
}

/** What a receipt's rounds do not say. Nodes are named by their public keys. */
export interface Payees {
  /** Account of every node that is paid. */
  readonly accounts: ReadonlyMap<string, string>
  /** Rounds that a node has coordinated. */
  readonly coordinated: ReadonlyMap<string, number>
  /** Units of a round that diverged: done, and paid, but in no round. */
  readonly alsoTrained?: ReadonlyMap<string, number>
}

/** Lists payments in the order of the nodes' keys. A node without an account cannot be paid and is left out. */
export function paymentsOf(
  receipt: Pick<ReceiptBody, 'spec' | 'rounds' | 'audits'>,
  network: ReceiptNetwork,
  { accounts, coordinated, alsoTrained }: Payees,
): Payment[] {
  const terms = termsOf(receipt, network)
  const counts = countWork(receipt.rounds, terms.custodians)
  const attested = countAudits(receipt.audits)
  const verifiers = [...accounts].flatMap(([peer, account]) => (attested.has(account) ? [peer] : []))
  const peers = new Set([...counts.keys(), ...coordinated.keys(), ...(alsoTrained?.keys() ?? []), ...verifiers])
  return [...peers].sort().flatMap(peer => {
    const account = accounts.get(peer)
    if (account === undefined) return []
    const work = counts.get(peer) ?? nothing
    const trained = work.trained + (alsoTrained?.get(peer) ?? 0)
    const rest = { coordinated: coordinated.get(peer) ?? 0, audited: attested.get(account) ?? 0 }
    const all = { ...work, trained, ...rest }
    return [{ peer, account, ...all, amount: amountOf(terms, all) }]
  })
}
