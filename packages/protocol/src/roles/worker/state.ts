/** What a worker knows: its lease, the rounds it follows, the blobs it was asked to keep. All of it can be told again. */
import type { HashHex } from '@cairn/primitives'
import type { OpenedSeal } from '../../audit/sealed.ts'
import type { MessageBodies, PeerAddress, SignedCommitment } from '../../messages.ts'
import type { JobId, Unit } from '../../units.ts'
import type { Peer } from '../events.ts'

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
export type Custody = SignedCommitment['custody'][number]

export interface Sealed {
  readonly opened: OpenedSeal
  readonly seal: HashHex
}

/** A lease as its coordinator has signed it. */
export type SignedLease = NonNullable<LeaseBody['signed']>

/** A unit that is committed, and was not seen yet among those of its round. */
export interface Unseen {
  readonly lease: number
  readonly unit: Unit
  readonly signed: SignedLease
  readonly commitment: SignedCommitment
  /** Of its custodians, by account. */
  readonly claimSignatures: ReadonlyMap<string, string>
  /** When it is put on the chain. */
  readonly dueMs: number
  readonly untilMs: number
}

/** A lease under way. */
export interface Task {
  readonly body: LeaseBody
  /** When this worker first heard of it. */
  readonly sinceMs: number
  readonly phase: 'inputs' | 'running' | 'sealed' | 'custody' | 'commit'
  readonly done: number
  readonly lossBits: number
  /** When the coordinator was last told of it, and how many steps were done then. */
  readonly sentMs: number
  readonly sentDone: number
  /** The commitment, while custodians sign. */
  readonly signed?: Omit<SignedCommitment, 'custody'>
  readonly custody: readonly Custody[]
  /** Of custodians, over the unit's claim, by account. */
  readonly claimSignatures: ReadonlyMap<string, string>
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
  /** By round and replica. */
  readonly unseen?: ReadonlyMap<string, Unseen>
}

/** A promise to keep what another worker's unit left behind. */
export interface Keep {
  readonly job: JobId
  readonly unit: Unit
  readonly updateRoot: HashHex
  readonly newReplicaRoot: HashHex
  /** Hash of what the holder claims of the unit. */
  readonly claim: HashHex
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
