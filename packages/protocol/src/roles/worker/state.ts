/** What a worker knows: its lease, the rounds it follows, the blobs it was asked to keep. All of it can be told again. */
import type { HashHex } from '@cairn/primitives'
import type { DoerOrder } from '../../audit/doers.ts'
import type { OpenedSeal } from '../../audit/sealed.ts'
import type { MessageBodies, PeerAddress, SignedCommitment, SignedEvaluation } from '../../messages.ts'
import type { JobId, Unit } from '../../units.ts'
import type { Divergence, Peer, ReasonEffect, SendEffect } from '../events.ts'

export type LeaseBody = MessageBodies['lease']
/** A closed round, and the hashes of what is claimed in it. */
export interface ClosedRound {
  readonly body: MessageBodies['closed']
  /** In replica order. */
  readonly claims: readonly HashHex[]
}

/** What an outer step came to, signed by this worker's account. */
export type SignedReport = Omit<MessageBodies['report'], 'round'>
type CommitBody = MessageBodies['commit']
type Custody = SignedCommitment['custody'][number]

export interface Sealed {
  readonly opened: OpenedSeal
  readonly seal: HashHex
}

/** A lease under way. */
export interface Task {
  readonly body: LeaseBody
  readonly phase: 'inputs' | 'running' | 'sealed' | 'custody' | 'commit'
  readonly done: number
  readonly lossBits: number
  /** When the coordinator was last told of it, and how many steps were done then. */
  readonly sentMs: number
  readonly sentDone: number
  /** The commitment, while custodians sign. */
  readonly signed?: Omit<SignedCommitment, 'custody'>
  readonly custody: readonly Custody[]
  /** Custodians asked, and when last. */
  readonly askedMs: ReadonlyMap<Peer, number>
  /** Where others do the unit, too: nothing else leaves this machine before it is opened. */
  readonly sealed?: Sealed
  /** Under which it was opened last. */
  readonly opening?: MessageBodies['open']
  /** What is sent in the phase `commit`. */
  readonly outcome?: CommitBody
}

/** Where a blob stands: being fetched, on the disk, or failed and not tried again before a time. */
export type BlobStatus = 'fetching' | 'here' | { readonly retryMs: number }

export type BlobStatuses = ReadonlyMap<HashHex, BlobStatus>

interface Report extends SignedReport {
  readonly sentMs: number
  readonly isNoted: boolean
}

export interface WorkerJob {
  readonly job: JobId
  readonly coordinator: Peer
  readonly document: HashHex
  readonly prepared: 'no' | 'under way' | 'yes' | { readonly retryMs: number }
  /** Whether its training units are done by others, too. */
  readonly isSealed?: boolean
  readonly blobs: BlobStatuses
  /** Global root at the start of a round, as this worker computed it. */
  readonly heads: ReadonlyMap<number, HashHex>
  readonly closed: ReadonlyMap<number, ClosedRound>
  readonly reports: ReadonlyMap<number, Report>
  /** An outer step that failed is not tried again before. */
  readonly followAfterMs?: number
  readonly task?: Task
}

/** A promise to keep what another worker's unit left behind. */
export interface Keep {
  readonly job: JobId
  readonly unit: Unit
  readonly updateRoot: HashHex
  readonly newReplicaRoot: HashHex
  readonly holder: PeerAddress
}

/** A promise that waits for its blobs. They are none of the worker's own work, and are forgotten with it. */
export interface StandingKeep {
  readonly keep: Keep
  readonly untilMs: number
  readonly blobs: BlobStatuses
}

/** A submitter's wish that a job's blobs be kept. */
export interface Pin {
  readonly job: JobId
  readonly submitter: Peer
  readonly document: HashHex
  readonly roots: readonly HashHex[]
  readonly sources: readonly PeerAddress[]
}

/** A pin whose blobs are not all here yet. */
interface StandingPin {
  readonly pin: Pin
  readonly untilMs: number
}

/** A pin whose blobs are all here. */
export interface Pinned {
  readonly pin: Pin
  /** When coordinators were last told. */
  readonly sentMs: number
  readonly isNoted: boolean
}

export interface WorkerSettings {
  readonly resendMs: number
  /** How long a custodian has before the next is asked. */
  readonly custodyMs: number
  /** Wait before something that failed is tried again. */
  readonly retryMs: number
  /** How often what was noted is said again: another coordinator may have taken over. */
  readonly remindMs: number
  /** How long a keep or a pin stands that nobody repeats; workers and submitters do so within this time. */
  readonly standingMs: number
}

export interface WorkerState {
  readonly settings: WorkerSettings
  readonly jobs: ReadonlyMap<JobId, WorkerJob>
  /** By unit and holder. */
  readonly keeps: ReadonlyMap<string, StandingKeep>
  /** By job and submitter. */
  readonly pins: ReadonlyMap<string, StandingPin>
  readonly pinned: ReadonlyMap<JobId, Pinned>
  /** What the one executor is doing. */
  readonly busy?: {
    readonly job: JobId
    readonly work: 'unit' | 'outer'
    readonly round: number
    readonly lease: number
  }
  readonly leaving: boolean
}

export const WORKER_SETTINGS: WorkerSettings = {
  resendMs: 2_000,
  custodyMs: 10_000,
  retryMs: 3_000,
  remindMs: 30_000,
  standingMs: 120_000,
}

export const emptyWorker = (settings: WorkerSettings = WORKER_SETTINGS): WorkerState => ({
  settings,
  jobs: new Map(),
  keeps: new Map(),
  pins: new Map(),
  pinned: new Map(),
  leaving: false,
})

export type WorkerEffect =
  | SendEffect
  | ReasonEffect
  /** Fetch and check the job document, program and data, and compile. Answer: `prepared`. */
  | {
      readonly effect: 'prepare'
      readonly job: JobId
      readonly document: HashHex
      readonly peers: readonly PeerAddress[]
    }
  /** Have a blob on the disk; a job's first global state may be computed instead. Answer: `fetched`. */
  | {
      readonly effect: 'fetch'
      readonly job: JobId
      readonly round: number
      readonly root: HashHex
      readonly peers: readonly PeerAddress[]
    }
  /** Answer: `trained`, `evaluated` or `diverged`, and `progress` on the way. */
  | {
      readonly effect: 'run'
      readonly job: JobId
      readonly lease: number
      readonly unit: Unit
      readonly globalRoot: HashHex
      readonly replicaRoot?: HashHex
      /** Of the replicas' units that led to the global state: the signature over the claim names them. */
      readonly claims: readonly HashHex[]
    }
  /** Apply the outer step and sign what it came to. Answer: `applied`. */
  | {
      readonly effect: 'outer'
      readonly job: JobId
      readonly round: number
      readonly startRoot: HashHex
      readonly updates: readonly HashHex[]
      /** Of the replicas' units: the signature names them. */
      readonly claims: readonly HashHex[]
      /** Where one of them left the domain: there is nothing to apply then, only to sign. */
      readonly diverged?: Divergence
    }
  /** Stop the run at its next step; no answer. */
  | { readonly effect: 'stop'; readonly job: JobId }
  /** Ask a custodian, giving this node's own addresses. */
  | {
      readonly effect: 'sendKeep'
      readonly to: Peer
      readonly unit: Unit
      readonly updateRoot: HashHex
      readonly newReplicaRoot: HashHex
    }
  /** Sign that both blobs are on the disk, and send it. */
  | { readonly effect: 'sendKept'; readonly keep: Keep }
  /** Tell the submitter and the coordinators. */
  | { readonly effect: 'sendPinned'; readonly pin: Pin }
  /** Gossip a commitment. */
  | { readonly effect: 'publish'; readonly job: JobId; readonly commitment: SignedCommitment }
  /** Store a round document; blobs of earlier rounds may go. */
  | { readonly effect: 'anchored'; readonly job: JobId; readonly round: number; readonly document: Uint8Array }
  /** The job is over. */
  | { readonly effect: 'ended'; readonly job: JobId; readonly outcome: string; readonly reason: string }

export type WorkerEvent =
  | { readonly event: 'lease'; readonly from: Peer; readonly job: JobId; readonly body: LeaseBody }
  | ({ readonly event: 'closed'; readonly from: Peer; readonly job: JobId } & ClosedRound)
  | { readonly event: 'anchored'; readonly job: JobId; readonly round: number; readonly document: Uint8Array }
  | { readonly event: 'ended'; readonly job: JobId; readonly outcome: string; readonly reason: string }
  | { readonly event: 'noted'; readonly job: JobId; readonly body: MessageBodies['noted'] }
  | { readonly event: 'keep'; readonly keep: Keep }
  /** A node's signature over what this worker's own unit left behind, already checked. */
  | { readonly event: 'kept'; readonly job: JobId; readonly unit: Unit; readonly custody: Custody }
  | { readonly event: 'pin'; readonly pin: Pin }
  | {
      readonly event: 'prepared'
      readonly job: JobId
      readonly ok: boolean
      readonly reason: string
      /** Whether its document asks for redundancy. */
      readonly isSealed?: boolean
    }
  /** `order` is what the chain says of the list's worker; nothing of another epoch than the coordinator's comes here. */
  | {
      readonly event: 'open'
      readonly from: Peer
      readonly job: JobId
      readonly body: MessageBodies['open']
      readonly order: DoerOrder
    }
  | {
      readonly event: 'fetched'
      readonly job: JobId
      readonly root: HashHex
      readonly ok: boolean
      readonly reason: string
    }
  | {
      readonly event: 'progress'
      readonly job: JobId
      readonly lease: number
      readonly done: number
      readonly lossBits: number
    }
  | {
      readonly event: 'trained'
      readonly job: JobId
      readonly lease: number
      readonly signed: Omit<SignedCommitment, 'custody'>
      /** Of its seal, where others do the unit, too: the same whenever it is told again. */
      readonly salt?: Uint8Array
    }
  | { readonly event: 'evaluated'; readonly job: JobId; readonly lease: number; readonly evaluation: SignedEvaluation }
  | {
      readonly event: 'diverged'
      readonly job: JobId
      readonly lease: number
      readonly unit: Unit
      readonly divergence: Divergence
      /** Of a training unit: what this worker answers for. */
      readonly signed?: Omit<SignedCommitment, 'custody'>
      readonly salt?: Uint8Array
    }
  /** The executor stopped or broke; the lease is given back with the reason. */
  | { readonly event: 'failed'; readonly job: JobId; readonly lease: number; readonly reason: string }
  | {
      readonly event: 'applied'
      readonly job: JobId
      readonly round: number
      readonly outcome: SignedReport | { readonly failed: string }
      /** Of the effect. */
      readonly claims: readonly HashHex[]
    }
  | { readonly event: 'leave' }
  | { readonly event: 'timer' }
