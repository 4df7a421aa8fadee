/**
 * The chain as roles see it: the contracts' reference model with one job, and what a node makes of its coordinator's calls.
 * Whoever judges is a function here, and finds against any claim that it is asked to.
 */
import { type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import { encodeClosingDocument } from '../closing-document.ts'
import { closingRecord, shownClaims, worksIn } from '../roles/coordinator/earned.ts'
import { closingDocumentOf, roundDocumentOf } from '../roles/coordinator/round-documents.ts'
import type { ChainCall, ChainView, JobFacts, JobRecord, WrongClaim } from '../roles/coordinator/state.ts'
import { encodeRoundDocument } from '../round-document.ts'
import {
  type Account,
  type Anchor,
  applyCall,
  earnedIn,
  maximumPriceOf,
  type NetworkParameters,
  NO_HASH,
  newSettlement,
  type SettlementCall,
  type SettlementCalls,
  type Terms,
  toyHashing,
} from '../settlement.ts'
import { TOY_SUBMITTER } from './toy-work.ts'

const JUDGE: Account = `0x${'e'.repeat(40)}`
const CHALLENGER: Account = `0x${'f'.repeat(40)}`
const MUCH = 10n ** 9n

const PARAMETERS: NetworkParameters = {
  minimumStake: 8n,
  leaseBond: 1n,
  earningsBond: 1n,
  challengeBond: 1n,
  challengerReward: 1n,
  unbondingSeconds: 1_000,
  challengeSeconds: 2,
  maximumDelaySeconds: 5,
  leaseSeconds: 30,
  cancelSeconds: 600,
  pauseSeconds: 10,
  pauseIntervalSeconds: 700,
  colludingShare: 200_000,
  beaconBlocks: 1,
  guardian: JUDGE,
}

/** Refusals that no lost or late message explains. */
const NEVER = [
  ...[
    'BadWorks',
    'BadAudits',
    'BadSignature',
    'OuterUnsigned',
    'BadRecord',
    'ClaimLost',
    'JobUnknown',
    'LeavesUnordered',
    'EmptyLeaf',
  ],
  ...['NotFinished', 'RoundsDecrease', 'RoundsNotFinal', 'TotalsDecrease', 'TotalsExceedRounds', 'TooManyUnsettled'],
]

const hashing = toyHashing(sha256)

/** Names a round document; what else is a document's id is of no matter here. */
export const toyDocumentId = (bytes: Uint8Array): HashHex => hashToHex(sha256(bytes))

function termsOf({ audits, ...facts }: JobFacts): Terms {
  const { document, rounds, replicas, custodians, evaluatesAfter, maximumUnsettled } = facts
  const prices = { trainPrice: 100n, evaluatePrice: 50n, custodyPrice: 1n, roundPrice: 10n }
  const counts = { rounds, replicas, custodians, evaluateEvery: evaluatesAfter.indexOf(true) + 1 }
  const verification = { policy: 1, auditRate: 1_000_000, verifiers: audits?.verifiers ?? 1, maximumUnsettled }
  const auditPrice = audits ? 7n : 0n
  const terms = { document, provable: document, budget: 0n, ...prices, auditPrice, ...counts, ...verification }
  return { ...terms, budget: maximumPriceOf(terms) }
}

export type ToyChain = ReturnType<typeof toyChain>

interface Options {
  readonly facts: JobFacts
  readonly accounts: readonly Account[]
  readonly challengeSeconds?: number
}

/** Creates a chain with one job and these nodes. Calls that do not fit its state change nothing. */
export function toyChain({ facts, accounts, challengeSeconds = PARAMETERS.challengeSeconds }: Options) {
  const { job: id } = facts
  const calls: string[] = []
  const refused: string[] = []
  const wrongs: WrongClaim[] = []
  let state = newSettlement({ ...PARAMETERS, challengeSeconds })
  const jobState = () => state.jobs.get(id)!

  function call(made: SettlementCall, nowMs: number): boolean {
    const outcome = applyCall(hashing, state, made, Math.floor(nowMs / 1000))
    if (outcome.ok) state = outcome.state
    else if (NEVER.includes(outcome.code)) refused.push(`${made.call}: ${outcome.code}`)
    return outcome.ok
  }

  for (const from of [...accounts, CHALLENGER]) {
    call({ call: 'mint', from, args: { to: from, amount: MUCH } }, 0)
    call({ call: 'stake', from, args: { amount: MUCH } }, 0)
    const peerKey = from.slice(2).padEnd(64, '0') as HashHex
    call({ call: 'register', from, args: { peerKey, signature: [peerKey, peerKey], owner: from, verifies: false } }, 0)
  }
  const terms = termsOf(facts)
  call({ call: 'mint', from: TOY_SUBMITTER, args: { to: TOY_SUBMITTER, amount: terms.budget } }, 0)
  call({ call: 'submit', from: TOY_SUBMITTER, args: { terms } }, 0)

  function linkOf(
    round: number,
    globalRoot: HashHex,
    documentId: HashHex,
    { works, audits }: Pick<Anchor, 'works' | 'audits'>,
    coordinator: Account,
  ): Anchor {
    const { head: previousHead, root: previousRoot, claims: previousClaims } = jobState()
    const before = { previousHead, previousRoot, previousClaims }
    return { job: id, ...before, globalRoot, documentId, coordinator, round, works, audits }
  }

  type Table = {
    readonly [C in ChainCall['call']]: (
      job: JobRecord,
      call: Extract<ChainCall, { call: C }>,
      from: Account,
    ) => SettlementCall[]
  }
  const underLease = () => ({ job: id, epoch: jobState().lease.epoch })
  const table: Table = {
    takeLease: (_, __, from) => [{ call: 'takeLease', from, args: { job: id } }],
    releaseLease: (_, __, from) => [{ call: 'releaseLease', from, args: underLease() }],
    anchor(job, { round, globalRoot, audits }, from) {
      const [document, record] = [roundDocumentOf(job, round), job.rounds[round]]
      if (document === undefined || record === undefined || jobState().rounds !== round) return []
      const documentId = toyDocumentId(encodeRoundDocument(document))
      const anchor = linkOf(round, globalRoot, documentId, { works: worksIn(record), audits }, from)
      return [{ call: 'anchor', from, args: { epoch: underLease().epoch, anchor, claims: shownClaims(record) } }]
    },
    end(job, { outcome, audits }, from) {
      const round = jobState().rounds
      if (job.chain.anchored !== round) return []
      const record = job.rounds[round]
      const closing = record && closingRecord(record)
      const works = closing ? worksIn(closing) : []
      const documentId = toyDocumentId(encodeClosingDocument(closingDocumentOf(job, round, outcome)))
      const anchor = linkOf(round, closing?.globalRoot ?? NO_HASH, documentId, { works, audits }, from)
      return [
        { call: 'end', from, args: { epoch: underLease().epoch, anchor, claims: closing ? shownClaims(closing) : [] } },
      ]
    },
    finalise: (_, { round, links }, from) =>
      jobState()
        .links.slice(round, round + links)
        .map(({ anchor }) => ({ call: 'finalise', from, args: { anchor } })),
    assertEarnings(_, { rounds, final: isFinal }, from) {
      const covered = jobState().links.slice(0, isFinal && jobState().isEnded ? rounds + 1 : rounds)
      const counted = covered.map(({ anchor }) => ({ anchor, isClosing: anchor.round === rounds }))
      const leaves = [...earnedIn(counted, facts.replicas)].map(([account, counts]) => ({ account, counts }))
      leaves.sort((a, b) => (a.account < b.account ? -1 : 1))
      return [{ call: 'assertEarnings', from, args: { ...underLease(), rounds, leaves, isFinal } }]
    },
    settleEarnings: (_, __, from) => [{ call: 'settle', from, args: { job: id } }],
    close: (_, __, from) => [{ call: 'close', from, args: { job: id } }],
  }

  return {
    calls,
    refused,
    /** Links of rounds, in their order. */
    anchors: (): readonly Anchor[] =>
      jobState().links.flatMap(({ anchor }) => (anchor.round < jobState().rounds ? [anchor] : [])),
    state: () => state,
    /** What was included for the next round. */
    included: () => jobState().included.filter(({ head }) => head === jobState().head),
    /** Puts a unit on the chain; returns why that was refused, if it was. */
    include(from: Account, args: SettlementCalls['include'], nowMs: number): string | undefined {
      const outcome = applyCall(hashing, state, { call: 'include', from, args }, Math.floor(nowMs / 1000))
      if (outcome.ok) state = outcome.state
      return outcome.ok ? undefined : outcome.code
    },
    /** What the submitter may do at any time. */
    cancel: (nowMs: number): boolean => call({ call: 'cancel', from: TOY_SUBMITTER, args: { job: id } }, nowMs),
    /** Proves claims of a link that is not final wrong, whatever they say; returns how many there are. */
    rewind(round: number, claims: readonly Pick<WrongClaim, 'index' | 'isOuter'>[], nowMs: number): number {
      const link = jobState().links[round]
      if (link === undefined || round < jobState().finalRounds) return 0
      const { anchor } = link
      const found = claims.flatMap(({ index, isOuter }) => {
        const position = anchor.works.findIndex(work => work.index === index)
        const work = anchor.works[position]
        if (work === undefined || (isOuter && work.outer === '0x')) return []
        const game = state.games.length
        const args = { anchor, position, outer: isOuter }
        if (!call({ call: 'open', from: CHALLENGER, args }, nowMs)) return []
        const claim = isOuter ? anchor.globalRoot : work.claim
        return [{ game, wrong: { round, index, isOuter, account: work.worker, claim } }]
      })
      for (const { game, wrong } of found) {
        const isRewound = jobState().links[round] === link
        if (call({ call: 'rule', from: JUDGE, args: { game, defended: false } }, nowMs))
          wrongs.push({ ...wrong, isRewound })
      }
      return found.length
    },
    perform(made: ChainCall, account: string, job: JobRecord, nowMs: number): boolean {
      calls.push(made.call)
      const steps = (table[made.call] as (job: JobRecord, c: ChainCall, from: Account) => SettlementCall[])(
        job,
        made,
        account as Account,
      )
      return steps.length > 0 && steps.every(step => call(step, nowMs))
    },
    /** What one account sees. */
    view(account: string, nowMs: number): ChainView {
      const { lease, pending, settled, status, links, ...job } = jobState()
      const isHeld = lease.holder !== undefined && lease.expiresAt * 1000 > nowMs
      return {
        status: status === 'none' || status === 'final' ? 'open' : status,
        ...(isHeld && lease.holder ? { coordinator: lease.holder } : {}),
        holdsLease: lease.holder === account,
        epoch: lease.epoch,
        anchored: job.rounds,
        finalLinks: job.finalRounds,
        finalisesAtMs: links.slice(job.finalRounds).map(({ anchoredAt }) => (anchoredAt + challengeSeconds) * 1000),
        isEnded: job.isEnded,
        wrongs: [...wrongs],
        cancelEndsAtMs: job.cancelEndsAt * 1000,
        earnings: {
          settledRounds: settled.rounds,
          settledFinal: status === 'final' || status === 'closed',
          pending: pending !== undefined,
          settlesAtMs: (pending?.settlesAt ?? 0) * 1000,
        },
      }
    },
  }
}
