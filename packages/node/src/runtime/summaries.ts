/** What people are told of jobs and nodes: plain documents for `/cairn/query/1`. Integers and text only. */
import type { PeerAddress } from '@cairn/protocol'

export interface UnitSummary {
  readonly kind: 'train' | 'evaluate'
  readonly round: number
  readonly replica: number
  readonly state: string
  readonly reason: string
  readonly sinceMs: number
  readonly node?: string
  /** Inner steps done, and the bits of the last loss. */
  readonly done?: number
  readonly lossBits?: number
}

export interface RoundSummary {
  readonly round: number
  /** Bits of each committed unit's loss, in replica order; -1 where there is none yet. */
  readonly losses: readonly number[]
  readonly globalRoot?: string
  readonly evaluationBits?: number
}

/** How far whoever answers is with a job. Several coordinators may know it; this tells whose word is to be taken. */
export interface Standing {
  /** Whether it holds the job's lease, as far as it knows, and in which epoch it has seen the lease last. */
  readonly holdsLease: boolean
  readonly epoch: number
  /** Rounds that are agreed, and anchored. */
  readonly agreed: number
  readonly anchored: number
  /** Whether earnings are settled and the rest of the budget is refunded. */
  readonly isClosed: boolean
}

export interface JobSummary extends Standing {
  readonly job: string
  readonly name: string
  readonly status: 'running' | 'finished' | 'cancelled' | 'diverged' | 'failed'
  readonly reason: string
  readonly rounds: number
  readonly replicas: number
  readonly innerSteps: number
  readonly submitter: string
}

export interface JobStatus extends JobSummary {
  readonly document: string
  readonly units: readonly UnitSummary[]
  readonly history: readonly RoundSummary[]
  /** Nodes that hold the job's blobs. */
  readonly holders: readonly PeerAddress[]
}

/** What whoever answers has heard of a node. */
export interface Heard {
  readonly seenMsAgo: number
  /** Heard lately, and not leaving: it may get leases. */
  readonly isLive: boolean
  /** Whether it has a lease. */
  readonly isWorking: boolean
}

export interface NodeSummary extends Heard {
  readonly peer: string
  readonly account: string
  readonly owner: string
  readonly role: 'worker' | 'verifier' | 'coordinator'
  readonly price: string
  readonly memoryBytes: number
  readonly operationsPerSecond: number
  readonly measured: boolean
  readonly leaving: boolean
  readonly addresses: readonly string[]
  /** What it does, or why it does nothing. */
  readonly doing: string
}

/** What an account has done for a job in its anchored rounds, as far as whoever answers has counted. */
export interface WorkSummary {
  readonly job: string
  readonly account: string
  readonly trained: number
  readonly evaluated: number
  readonly kept: number
  readonly coordinated: number
  readonly audited: number
}

export interface WhyAnswer {
  readonly subject: string
  /** What holds now, in a sentence. */
  readonly now: string
  readonly history: readonly { readonly atMs: number; readonly text: string }[]
  /** Of a job: by everybody; of a node: with every job; of a unit: none. */
  readonly work: readonly WorkSummary[]
  /** Of a job or a unit. */
  readonly standing?: Standing
  /** Of a node. */
  readonly heard?: Heard
}

/** The questions that a coordinator answers. */
export type Question =
  | { readonly ask: 'jobs' }
  | { readonly ask: 'job'; readonly job: string; readonly fromRound: number }
  | { readonly ask: 'nodes' }
  | { readonly ask: 'why'; readonly subject: string }
  | { readonly ask: 'document'; readonly job: string }
  | { readonly ask: 'round'; readonly job: string; readonly round: number }
  | { readonly ask: 'clock' }
