/** What the main thread asks the compute thread for, and what comes back. All of it crosses as a structured clone. */
import type { HashHex } from '@cairn/primitives'
import type { Commitment, DocumentId, JobId } from '@cairn/protocol'
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

export type WorkKind = Work['kind']
export type WorkOf<Kind extends WorkKind> = Extract<Work, { kind: Kind }>

/** What each kind of work comes to. States and updates are then blobs. */
export interface WorkResults {
  prepare: { readonly job: JobId; readonly memoryBytes: number }
  initialState: { readonly globalRoot: HashHex }
  runUnit: Commitment
  applyOuterStep: { readonly globalRoot: HashHex }
  evaluate: { readonly lossBits: number; readonly correct: number; readonly total: number }
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

/** Why there is no result. A job that diverged, a blob that is missing, a thread that died: all are values. */
export type WorkProblem =
  | { readonly ok: false; readonly why: 'diverged'; readonly diverged: Divergence }
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
