/** One leased unit on the compute thread: remembered work first, then the work itself, then the signature. */
import { randomBytes } from 'node:crypto'
import { encodeHex, type HashHex } from '@cairn/primitives'
import {
  type Commitment,
  commitmentStatement,
  commitSteps,
  DIVERGED_ROOT,
  type Evaluation,
  evaluationStatement,
  NO_HASH,
  type SaltedCommitment,
  type StepValues,
  type WorkerEffect,
  type WorkerEvent,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { signEvaluated, signTrained } from './account-signing.ts'
import { findDone, findEvaluation, rememberDone, type StepSecrets } from './done-units.ts'
import type { WorkerParts } from './parts.ts'
import { problemText } from './prepare-job.ts'
import { checkpointReason, roundReason } from './retention.ts'

type RunEffect = Extract<WorkerEffect, { effect: 'run' }>
type OnProgress = (progress: { readonly done: number; readonly lossBits: number }) => void

/** What running a unit needs of its job. */
interface RunJob {
  /** Of its document. */
  readonly id: HashHex
  readonly checkpoints: number
  readonly innerSteps: number
}

/** How often a unit under way is saved, so that a killed process goes on in its middle. */
const CHECKPOINT_EVERY_SECONDS = 15

const SALT_BYTES = 32

/** Binds a worker to what its steps left, without showing it. */
function salted<Work>(work: Work, values: readonly StepValues[]) {
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  const secrets: StepSecrets = { salt, values }
  return { work: { ...work, ...commitSteps(sha256, salt, values) }, secrets }
}

/** Signs what was found, with the node's key and with its account. */
async function signed(parts: WorkerParts, commitment: SaltedCommitment, claims: readonly HashHex[]) {
  const { signer } = parts
  const signature = encodeHex(signer.sign(commitmentStatement(commitment)))
  return { commitment, worker: signer.peer, signature, ...(await signTrained(parts, commitment, claims)) }
}

const NO_VALUES: StepValues = { lossBits: 0, normBits: [] }

/** Fills a list up. */
const padded = <T>(known: readonly T[], length: number, by: T): T[] => Array.from({ length }, (_, i) => known[i] ?? by)

/** What a worker answers for where its unit left the domain: nothing of it has a root from there on. */
function divergedCommitment(
  { unit, globalRoot }: RunEffect,
  replicaRoot: HashHex,
  checkpointRoots: readonly HashHex[],
): Commitment {
  return {
    unit,
    globalRoot,
    replicaRoot,
    updateRoot: DIVERGED_ROOT,
    newReplicaRoot: DIVERGED_ROOT,
    checkpointRoots,
    lossBits: 0,
  }
}

async function train(
  parts: WorkerParts,
  { id: document, checkpoints, innerSteps }: RunJob,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> {
  const { compute, storage, blobs } = parts
  const { job, lease, unit, globalRoot, replicaRoot, claims } = effect
  const done = findDone(storage, unit)
  if (
    done?.commitment.globalRoot === globalRoot &&
    (replicaRoot ?? done.commitment.replicaRoot) === done.commitment.replicaRoot
  ) {
    const { updateRoot, newReplicaRoot } = done.commitment
    if ((await blobs.has(updateRoot as never)) && (await blobs.has(newReplicaRoot as never)))
      return { event: 'trained', job, lease, signed: await signed(parts, done.commitment, claims) }
  }
  const { round, replica } = unit
  const work = {
    kind: 'runUnit',
    document,
    round,
    replica,
    globalRoot,
    checkpointEverySeconds: CHECKPOINT_EVERY_SECONDS,
  } as const
  const answer = await compute.request(replicaRoot === undefined ? work : { ...work, replicaRoot }, { onProgress })
  if (!answer.ok) {
    if (answer.why !== 'diverged') return { event: 'failed', job, lease, reason: problemText(answer) }
    const roots = padded(answer.checkpointRoots ?? [], checkpoints, DIVERGED_ROOT)
    const values = padded(answer.values ?? [], innerSteps, NO_VALUES)
    const begun = answer.replicaRoot ?? replicaRoot ?? NO_HASH
    const { work, secrets } = salted(divergedCommitment(effect, begun, roots), values)
    rememberDone(storage, { commitment: work, ...secrets })
    const found = await signed(parts, work, claims)
    return { event: 'diverged', job, lease, unit, divergence: answer.diverged, signed: found }
  }
  const { work: commitment, secrets } = salted(answer.value.commitment, answer.value.values)
  for (const root of [commitment.updateRoot, commitment.newReplicaRoot])
    storage.pins.pin(root, roundReason(job, round), Date.now())
  for (const root of commitment.checkpointRoots.slice(0, -1))
    storage.pins.pin(root, checkpointReason(job, round, replica), Date.now())
  // Before it is signed: the salt is all that opens what the signature is over.
  rememberDone(storage, { commitment, ...secrets })
  return { event: 'trained', job, lease, signed: await signed(parts, commitment, claims) }
}

async function evaluated(
  parts: WorkerParts,
  { job, lease, claims }: RunEffect,
  found: Evaluation,
): Promise<WorkerEvent> {
  const { signer } = parts
  const signature = encodeHex(signer.sign(evaluationStatement(found)))
  const evaluation = { ...found, worker: signer.peer, signature, ...(await signEvaluated(parts, found, claims)) }
  return { event: 'evaluated', job, lease, evaluation }
}

async function evaluate(parts: WorkerParts, document: HashHex, effect: RunEffect): Promise<WorkerEvent> {
  const { job, lease, unit, globalRoot } = effect
  const { storage } = parts
  const done = findEvaluation(storage, unit)?.evaluation
  if (done?.globalRoot === globalRoot) return evaluated(parts, effect, done)
  const answer = await parts.compute.request({ kind: 'evaluate', document, globalRoot })
  if (!answer.ok) {
    if (answer.why === 'diverged') return { event: 'diverged', job, lease, unit, divergence: answer.diverged }
    return { event: 'failed', job, lease, reason: problemText(answer) }
  }
  const { values, ...result } = answer.value
  const { work, secrets } = salted({ unit, globalRoot, ...result }, values)
  rememberDone(storage, { evaluation: work, ...secrets })
  return evaluated(parts, effect, work)
}

/** Does a unit. Never rejects because of the job; what went wrong is an event. */
export const runWork = (
  parts: WorkerParts,
  job: RunJob,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> =>
  effect.unit.kind === 'train' ? train(parts, job, effect, onProgress) : evaluate(parts, job.id, effect)
