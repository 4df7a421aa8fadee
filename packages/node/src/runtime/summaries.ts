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

export interface JobSummary {
  readonly job: string
  readonly name: string
  readonly status: 'running' | 'finished' | 'cancelled' | 'diverged' | 'failed'
  readonly reason: string
  /** Rounds that are agreed, and anchored. */
  readonly agreed: number
  readonly anchored: number
  readonly rounds: number
  readonly replicas: number
  readonly innerSteps: number
  readonly submitter: string
  /** Whether earnings are settled and the rest of the budget is refunded. */
  readonly isClosed: boolean
}

export interface JobStatus extends JobSummary {
  readonly document: string
  readonly units: readonly UnitSummary[]
  readonly history: readonly RoundSummary[]
  /** Nodes that hold the job's blobs. */
  readonly holders: readonly PeerAddress[]
}

export interface NodeSummary {
  readonly peer: string
  readonly account: string
  readonly owner: string
  readonly role: 'worker' | 'coordinator'
  readonly price: string
  readonly memoryBytes: number
  readonly operationsPerSecond: number
  readonly measured: boolean
  readonly seenMsAgo: number
  readonly leaving: boolean
  readonly addresses: readonly string[]
  /** What it does, or why it does nothing. */
  readonly doing: string
}

export interface WhyAnswer {
  readonly subject: string
  /** What holds now, in a sentence. */
  readonly now: string
  readonly history: readonly { readonly atMs: number; readonly text: string }[]
}

/** The questions that a coordinator answers. */
export type Question =
  | { readonly ask: 'jobs' }
  | { readonly ask: 'job'; readonly job: string; readonly fromRound: number }
  | { readonly ask: 'nodes' }
  | { readonly ask: 'why'; readonly subject: string }
  | { readonly ask: 'document'; readonly job: string }
  | { readonly ask: 'round'; readonly job: string; readonly round: number }
  | { readonly ask: 'earnings'; readonly job: string; readonly rounds: number }
  | { readonly ask: 'clock' }
