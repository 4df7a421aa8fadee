/**
 * What the contracts remember, as one immutable value. SPEC: docs/decisions/0004-network.md "Contracts".
 * Not here: block numbers, lists for reading, and allowances of the token (every account allows what it means to spend).
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import { NO_HASH } from './hashing.ts'
import type { JobStatus } from './job-status.ts'
import type { NetworkParameters } from './parameters.ts'
import { type Account, type Counts, noCounts, type Terms } from './terms.ts'

export interface NodeState {
  /** Undefined before registration. */
  readonly owner: Account | undefined
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

interface ClaimState {
  readonly root: HashHex
  readonly totals: Counts
  readonly rounds: number
}

interface PendingState extends ClaimState {
  readonly asserter: Account
  readonly settlesAt: number
  readonly isFinal: boolean
}

export interface JobState {
  readonly terms: Terms
  readonly submitter: Account
  readonly status: JobStatus
  readonly cancelEndsAt: number
  readonly owed: bigint
  readonly paid: bigint
  readonly refunded: bigint
  readonly lease: LeaseState
  /** Rounds anchored. */
  readonly rounds: number
  readonly isEnded: boolean
  readonly head: HashHex
  readonly settled: ClaimState
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
  /** Always zero before there are disputes. */
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
  flows: { deposited: 0n, withdrawn: 0n, refunded: 0n, unstaked: 0n, burned: 0n },
})

export const newJob = (terms: Terms, submitter: Account): JobState => ({
  terms,
  submitter,
  status: 'open',
  cancelEndsAt: 0,
  owed: 0n,
  paid: 0n,
  refunded: 0n,
  lease: { holder: undefined, epoch: 0, expiresAt: 0 },
  rounds: 0,
  isEnded: false,
  head: NO_HASH,
  settled: { root: NO_HASH, totals: noCounts, rounds: 0 },
  pending: undefined,
  withdrawn: new Map(),
})

const NO_NODE: NodeState = { owner: undefined, stake: 0n, locked: 0n, unbonding: 0n, unbondsAt: 0 }

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
