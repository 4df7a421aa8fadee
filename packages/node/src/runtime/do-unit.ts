/** A unit on the compute thread, whole: what it came to, also where it left the domain. */
import type { HashHex } from '@cairn/primitives'
import {
  type Commitment,
  DIVERGED_ROOT,
  type Evaluation,
  NO_HASH,
  type StepValues,
  type Unit,
  type WorkerEvent,
} from '@cairn/protocol'
import type { Compute } from '../compute/compute.ts'
import { problemText } from './prepare-job.ts'

/** What doing a unit needs of its job. */
export interface UnitJob {
  /** Of its document. */
  readonly id: HashHex
  readonly checkpoints: number
  readonly innerSteps: number
}

/** What an evaluation needs of its job. */
export interface EvaluationJob {
  /** Of its document. */
  readonly id: HashHex
  readonly evaluationBatches: number
}

export interface UnitBegin {
  readonly unit: Unit
  readonly globalRoot: HashHex
  /** Absent before a replica's first unit, which starts from zeros. */
  readonly replicaRoot?: HashHex | undefined
}

type UnitDone =
  | {
      readonly ok: true
      readonly commitment: Commitment
      readonly values: readonly StepValues[]
      /** Where it left the domain. */
      readonly divergence?: Extract<WorkerEvent, { event: 'diverged' }>['divergence']
    }
  | { readonly ok: false; readonly reason: string }

type OnProgress = (progress: { readonly done: number; readonly lossBits: number }) => void

/** How often a unit under way is saved, so that a killed process goes on in its middle. */
const CHECKPOINT_EVERY_SECONDS = 15

const NO_VALUES: StepValues = { lossBits: 0, normBits: [] }

/** Fills a list up. */
const padded = <T>(known: readonly T[], length: number, by: T): T[] => Array.from({ length }, (_, i) => known[i] ?? by)

/** What a worker answers for where its unit left the domain: nothing of it has a root from there on. */
const divergedCommitment = (
  { unit, globalRoot }: UnitBegin,
  replicaRoot: HashHex,
  checkpointRoots: readonly HashHex[],
): Commitment => ({
  ...{ unit, globalRoot, replicaRoot, checkpointRoots, lossBits: 0 },
  ...{ updateRoot: DIVERGED_ROOT, newReplicaRoot: DIVERGED_ROOT },
})

/** Does it. Never rejects because of the job. */
export async function doUnit(
  compute: Pick<Compute, 'request'>,
  { id: document, checkpoints, innerSteps }: UnitJob,
  begin: UnitBegin,
  onProgress: OnProgress,
): Promise<UnitDone> {
  const { unit, globalRoot, replicaRoot } = begin
  const { round, replica } = unit
  const about = { document, round, replica, globalRoot, checkpointEverySeconds: CHECKPOINT_EVERY_SECONDS }
  const work = { kind: 'runUnit', ...about } as const
  const answer = await compute.request(replicaRoot === undefined ? work : { ...work, replicaRoot }, { onProgress })
  if (answer.ok) return { ok: true, ...answer.value }
  if (answer.why !== 'diverged') return { ok: false, reason: problemText(answer) }
  const roots = padded(answer.checkpointRoots ?? [], checkpoints, DIVERGED_ROOT)
  const values = padded(answer.values ?? [], innerSteps, NO_VALUES)
  const begun = answer.replicaRoot ?? replicaRoot ?? NO_HASH
  return { ok: true, commitment: divergedCommitment(begin, begun, roots), values, divergence: answer.diverged }
}

type EvaluationDone =
  | { readonly ok: true; readonly values: readonly StepValues[]; readonly result: EvaluationResult }
  | { readonly ok: false; readonly reason: string }

type EvaluationResult = Pick<Evaluation, 'lossBits' | 'correct' | 'total' | 'diverged'>

/** Does an evaluation. Never rejects because of the job. */
export async function doEvaluation(
  compute: Pick<Compute, 'request'>,
  { id: document, evaluationBatches }: EvaluationJob,
  globalRoot: HashHex,
): Promise<EvaluationDone> {
  const answer = await compute.request({ kind: 'evaluate', document, globalRoot })
  if (answer.ok) {
    const { values, ...result } = answer.value
    return { ok: true, values, result }
  }
  if (answer.why !== 'diverged') return { ok: false, reason: problemText(answer) }
  const result = { lossBits: 0, correct: 0, total: 0, diverged: answer.diverged }
  return { ok: true, values: padded([], evaluationBatches, NO_VALUES), result }
}
