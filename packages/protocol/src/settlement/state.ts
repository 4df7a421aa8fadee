/**
 * What the contracts remember, as one immutable value. SPEC: docs/spec/anchors.md, docs/spec/earnings.md. The contracts
 * keep an anchor's hash and are shown the anchor; the model keeps it.
 * Not here: block numbers, lists for reading, and allowances of the token (every account allows what it means to spend).
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { CaseState, ClaimState, GameState, ReportState, VoidState } from './dispute-state.ts'
import { NO_HASH } from './hashing.ts'
import type { JobStatus } from './job-status.ts'
import type { NetworkParameters } from './parameters.ts'
import { type Account, type Counts, noCounts, type Terms } from './terms.ts'
import type { Anchor, Signature } from './works.ts'

export interface NodeState {
  /** Undefined before registration. */
  readonly owner: Account | undefined
  /** Whether others may count on it to repeat audited work. */
  readonly verifies: boolean
  readonly stake: bigint
  /** Part of `stake`. */
  readonly locked: bigint
  readonly unbonding: bigint
  readonly unbondsAt: number
}

interface LeaseState {
  readonly holder: Account | undefined
  readonly epoch: number
  readonly expiresAt: number
}

interface EarningsState {
  readonly root: HashHex
  readonly totals: Counts
  readonly rounds: number
}

/** What was counted of an account's work, and which link is next. */
interface TallyState {
  readonly next: number
  readonly counts: Counts
}

interface PendingState extends EarningsState {
  readonly asserter: Account
  readonly settlesAt: number
  readonly isFinal: boolean
  /** Links that it covers: its rounds, and, if final, the link that closed the chain. */
  readonly links: number
  readonly tallies: ReadonlyMap<Account, TallyState>
}

export interface LinkState {
  readonly head: HashHex
  readonly anchor: Anchor
  readonly anchoredAt: number
  /** So far, with this one. */
  readonly audits: number
}

/** A unit that the link after a head cannot leave out. */
export interface InclusionState {
  readonly head: HashHex
  readonly index: number
  readonly worker: Account
  readonly claim: HashHex
  readonly bindsUntil: number
  readonly signature: Signature
}

export interface JobState {
  readonly terms: Terms
  /** Locked for each of its units until their round is final. */
  readonly unitBond: bigint
  readonly submitter: Account
  readonly status: JobStatus
  readonly cancelEndsAt: number
  readonly owed: bigint
  readonly paid: bigint
  readonly refunded: bigint
  readonly lease: LeaseState
  /** Rounds anchored. */
  readonly rounds: number
  /** Of its links. */
  readonly finalRounds: number
  /** The chain is closed. */
  readonly isEnded: boolean
  readonly head: HashHex
  /** Of the global state after the last round. */
  readonly root: HashHex
  /** Hash of the replicas' claims in the last round. */
  readonly claims: HashHex
  /** Of its rounds; one more when the chain is closed. */
  readonly links: readonly LinkState[]
  /** After any of its heads. */
  readonly included: readonly InclusionState[]
  readonly settled: EarningsState
  readonly pending: PendingState | undefined
  readonly withdrawn: ReadonlyMap<Account, bigint>
}

/** All money that ever crossed the contracts' border. */
export interface Flows {
  /** Budgets and stakes taken in. */
  readonly deposited: bigint
  /** Earnings paid out. */
  readonly withdrawn: bigint
  /** Unspent budgets given back. */
  readonly refunded: bigint
  /** Stakes given back. */
  readonly unstaked: bigint
  /** Parts of slashed bonds that somebody got. */
  readonly awarded: bigint
  readonly burned: bigint
}

export interface Settlement {
  readonly parameters: NetworkParameters
  readonly pausedUntil: number
  readonly pausableFrom: number
  /** Tokens in the accounts' own hands. */
  readonly tokens: ReadonlyMap<Account, bigint>
  /** `owner node` for each approval. */
  readonly approvals: ReadonlySet<string>
  readonly nodes: ReadonlyMap<Account, NodeState>
  readonly jobs: ReadonlyMap<JobId, JobState>
  /** By head. */
  readonly voids: ReadonlyMap<HashHex, VoidState>
  /** By `workKey`: bonds that are gone before their round was final, of works and attestations. */
  readonly bonds: ReadonlyMap<string, 'freed' | 'slashed'>
  /** By the head that was proven wrong. */
  readonly cases: ReadonlyMap<HashHex, CaseState>
  /** By `workKey`. */
  readonly reports: ReadonlyMap<string, ReportState>
  /** Under claims that were proven wrong. */
  readonly lost: ReadonlySet<Signature>
  readonly games: readonly GameState[]
  /** By `claimKey`. */
  readonly claims: ReadonlyMap<string, ClaimState>
  readonly flows: Flows
}

/** Makes a network as it is after deployment. */
export const newSettlement = (parameters: NetworkParameters): Settlement => ({
  parameters,
  pausedUntil: 0,
  pausableFrom: 0,
  tokens: new Map(),
  approvals: new Set(),
  nodes: new Map(),
  jobs: new Map(),
  voids: new Map(),
  bonds: new Map(),
  cases: new Map(),
  reports: new Map(),
  lost: new Set(),
  games: [],
  claims: new Map(),
  flows: { deposited: 0n, withdrawn: 0n, refunded: 0n, unstaked: 0n, awarded: 0n, burned: 0n },
})

export const newJob = (terms: Terms, submitter: Account, unitBond: bigint): JobState => ({
  terms,
  unitBond,
  submitter,
  status: 'open',
  cancelEndsAt: 0,
  owed: 0n,
  paid: 0n,
  refunded: 0n,
  lease: { holder: undefined, epoch: 0, expiresAt: 0 },
  rounds: 0,
  finalRounds: 0,
  isEnded: false,
  head: NO_HASH,
  root: NO_HASH,
  claims: NO_HASH,
  links: [],
  included: [],
  settled: { root: NO_HASH, totals: noCounts, rounds: 0 },
  pending: undefined,
  withdrawn: new Map(),
})

const NO_NODE: NodeState = { owner: undefined, verifies: false, stake: 0n, locked: 0n, unbonding: 0n, unbondsAt: 0 }

export const nodeOf = ({ nodes }: Settlement, account: Account): NodeState => nodes.get(account) ?? NO_NODE

/** Returns a state in which an account's node has changed. */
export const withNode = (state: Settlement, account: Account, change: Partial<NodeState>): Settlement => ({
  ...state,
  nodes: new Map(state.nodes).set(account, { ...nodeOf(state, account), ...change }),
})

/** Returns a state in which a job has changed. */
export const withJob = (state: Settlement, key: JobId, job: JobState): Settlement => ({
  ...state,
  jobs: new Map(state.jobs).set(key, job),
})
