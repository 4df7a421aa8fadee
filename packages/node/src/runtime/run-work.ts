/** One leased unit on the compute thread: remembered work first, then the work itself, then the signature. */
import { randomBytes } from 'node:crypto'
import { encodeCanonical, encodeHex, type HashHex } from '@cairn/primitives'
import {
  commitmentStatement,
  commitSteps,
  type Evaluation,
  evaluationStatement,
  type SaltedCommitment,
  type StepValues,
  type WorkerEffect,
  type WorkerEvent,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { signEvaluated, signTrained } from './account-signing.ts'
import { doEvaluation, doUnit, type EvaluationJob, type UnitJob } from './do-unit.ts'
import { findDone, findEvaluation, rememberDone, type StepSecrets } from './done-units.ts'
import type { WorkerParts } from './parts.ts'
import { checkpointReason, roundReason } from './retention.ts'

type RunEffect = Extract<WorkerEffect, { effect: 'run' }>
type OnProgress = (progress: { readonly done: number; readonly lossBits: number }) => void

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

/** Seals what was done, after a restart with the same salt as before; the salt of the steps is not shown by it. */
const sealSalt = (salt: Uint8Array): Uint8Array => sha256(encodeCanonical(['cairn/seal-salt/v1', salt]))

async function train(
  parts: WorkerParts,
  unitJob: UnitJob,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> {
  const { compute, storage, blobs } = parts
  const { job, lease, unit, globalRoot, replicaRoot, claims } = effect
  const known = findDone(storage, unit)
  if (
    known?.commitment.globalRoot === globalRoot &&
    (replicaRoot ?? known.commitment.replicaRoot) === known.commitment.replicaRoot
  ) {
    const { updateRoot, newReplicaRoot } = known.commitment
    const salt = sealSalt(known.salt)
    if ((await blobs.has(updateRoot as never)) && (await blobs.has(newReplicaRoot as never)))
      return { event: 'trained', job, lease, signed: await signed(parts, known.commitment, claims), salt }
  }
  const done = await doUnit(compute, unitJob, effect, onProgress)
  if (!done.ok) return { event: 'failed', job, lease, reason: done.reason }
  const { work: commitment, secrets } = salted(done.commitment, done.values)
  const salt = sealSalt(secrets.salt)
  if (done.divergence !== undefined) {
    rememberDone(storage, { commitment, ...secrets })
    const found = await signed(parts, commitment, claims)
    return { event: 'diverged', job, lease, unit, divergence: done.divergence, signed: found, salt }
  }
  const { round, replica } = unit
  for (const root of [commitment.updateRoot, commitment.newReplicaRoot])
    storage.pins.pin(root, roundReason(job, round), Date.now())
  for (const root of commitment.checkpointRoots.slice(0, -1))
    storage.pins.pin(root, checkpointReason(job, round, replica), Date.now())
  // Before it is signed: the salt is all that opens what the signature is over.
  rememberDone(storage, { commitment, ...secrets })
  return { event: 'trained', job, lease, signed: await signed(parts, commitment, claims), salt }
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

async function evaluate(parts: WorkerParts, unitJob: EvaluationJob, effect: RunEffect): Promise<WorkerEvent> {
  const { job, lease, unit, globalRoot } = effect
  const { storage } = parts
  const done = findEvaluation(storage, unit)?.evaluation
  if (done?.globalRoot === globalRoot) return evaluated(parts, effect, done)
  const found = await doEvaluation(parts.compute, unitJob, globalRoot)
  if (!found.ok) return { event: 'failed', job, lease, reason: found.reason }
  const { work, secrets } = salted({ unit, globalRoot, ...found.result }, found.values)
  rememberDone(storage, { evaluation: work, ...secrets })
  return evaluated(parts, effect, work)
}

/** Does a unit. Never rejects because of the job; what went wrong is an event. */
export const runWork = (
  parts: WorkerParts,
  job: UnitJob & EvaluationJob,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> =>
  effect.unit.kind === 'train' ? train(parts, job, effect, onProgress) : evaluate(parts, job, effect)
