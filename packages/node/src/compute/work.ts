/** What the main thread asks the compute thread for, and what comes back. All of it crosses as a structured clone. */
import type { HashHex } from '@cairn/primitives'
import type {
  Commitment,
  DocumentId,
  JobId,
  Move,
  Opening,
  Position,
  ProvableJob,
  Shown,
  Side,
  StepValues,
  Subject,
  Unit,
} from '@cairn/protocol'
import type { Divergence } from '@cairn/training'

export interface UnitWork {
  readonly kind: 'runUnit'
  readonly document: DocumentId
  readonly round: number
  readonly replica: number
  readonly globalRoot: HashHex
  /** Absent before a replica's first unit, which starts from zeros. */
  readonly replicaRoot?: HashHex
  /** How often the progress is saved, so that a killed process goes on in the middle of the unit. */
  readonly checkpointEverySeconds: number
}

/** A part of a unit to be done again. */
export interface AuditWork {
  readonly kind: 'audit'
  readonly document: DocumentId
  readonly unit: Unit
  readonly globalRoot: HashHex
  /** Absent before a replica's first unit, and for an evaluation. */
  readonly replicaRoot?: HashHex
  /** From 0; an evaluation has one. */
  readonly segment: number
  /** Root of the state at the segment's start; where its blob is not here, the steps before are done again too. */
  readonly checkpointRoot?: HashHex
  /**
   * Whether states that are read are checked once more. PERF: they were when they came; whoever finds another end than
   * claimed has them checked before saying so.
   */
  readonly verify: boolean
}

/** A move in a dispute to be found, by doing what is disputed again. */
export interface MoveWork {
  readonly kind: 'move'
  readonly document: DocumentId
  readonly side: Side
  readonly subject: Subject
  readonly position: Position
  readonly shown: Shown
}

/** One request. All that it names is in the blob directory, the job document too. */
export type Work =
  | { readonly kind: 'prepare'; readonly document: DocumentId }
  | { readonly kind: 'initialState'; readonly document: DocumentId }
  | UnitWork
  | {
      readonly kind: 'applyOuterStep'
      readonly document: DocumentId
      readonly globalRoot: HashHex
      /** In replica order. */
      readonly updateRoots: readonly HashHex[]
    }
  | { readonly kind: 'evaluate'; readonly document: DocumentId; readonly globalRoot: HashHex }
  | AuditWork
  | MoveWork
  | { readonly kind: 'contents'; readonly document: DocumentId }

export type WorkKind = Work['kind']
export type WorkOf<Kind extends WorkKind> = Extract<Work, { kind: Kind }>

/** A unit that is done, and what an audit asks about it. */
interface UnitDone {
  readonly commitment: Commitment
  /** Of every step. */
  readonly values: readonly StepValues[]
}

/** What each kind of work comes to. States and updates are then blobs, and so are checkpoints inside a unit. */
export interface WorkResults {
  /** With what contracts have to know of the job, to be compared with what its terms hold. */
  prepare: { readonly job: JobId; readonly memoryBytes: number; readonly provable: ProvableJob }
  initialState: { readonly globalRoot: HashHex }
  runUnit: UnitDone
  applyOuterStep: { readonly globalRoot: HashHex }
  evaluate: {
    readonly lossBits: number
    readonly correct: number
    readonly total: number
    /** Of every batch. */
    readonly values: readonly StepValues[]
  }
  audit: { readonly startRoot?: HashHex; readonly ends: readonly HashHex[]; readonly values: readonly StepValues[] }
  move: Move
  /** The program's first leaf: it takes that to open a game. */
  contents: Opening
}

/** An error as it crosses between threads. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly path?: string
  readonly expected?: string
  readonly found?: string
  readonly fix?: string
}

/** What a unit came to before it left the domain. */
export interface StepsDone {
  /** Of the state that the replica began from. */
  readonly replicaRoot: HashHex
  readonly checkpointRoots: readonly HashHex[]
  readonly values: readonly StepValues[]
}

/** Why there is no result. A job that diverged, a blob that is missing, a thread that died: all are values. */
export type WorkProblem =
  | ({ readonly ok: false; readonly why: 'diverged'; readonly diverged: Divergence } & Partial<StepsDone>)
  /** Asked to; the progress of a unit is saved. */
  | { readonly ok: false; readonly why: 'stopped' }
  /** A blob to fetch first. */
  | { readonly ok: false; readonly why: 'missing'; readonly blob: HashHex }
  /** Document, program, data or state cannot be used, or this machine is too small. */
  | { readonly ok: false; readonly why: 'failed'; readonly failure: Failure }
  /** The thread ended. The next request starts another, and a unit goes on from its saved progress. */
  | { readonly ok: false; readonly why: 'crashed'; readonly reason: string }

export type Answer<Kind extends WorkKind> = { readonly ok: true; readonly value: WorkResults[Kind] } | WorkProblem

/** After an inner step of a unit: steps done, and the bits of the step's loss. */
export interface Progress {
  readonly done: number
  readonly lossBits: number
}

/** Main thread to compute thread. */
export interface Request {
  readonly id: number
  readonly work: Work
}

/** Compute thread to main thread. */
export type Response =
  | { readonly id: number; readonly progress: Progress }
  | { readonly id: number; readonly answer: Answer<WorkKind> }

/** What a compute thread is started with. */
export interface ThreadSettings {
  readonly blobDirectory: string
  readonly progressDirectory: string
  /** Threads that share an inner step. */
  readonly threads: number
  /** States kept in memory, so that a replica that stays reads nothing again. */
  readonly cacheBytes: number
  /** One shared word: the id of the request that is to stop. */
  readonly stop: Int32Array
}
