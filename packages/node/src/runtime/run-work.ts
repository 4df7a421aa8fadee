/** One leased unit on the compute thread: remembered work first, then the work itself, then the signature. */
import { randomBytes } from 'node:crypto'
import { encodeHex, type HashHex } from '@cairn/primitives'
import {
  type Commitment,
  commitmentStatement,
  commitSteps,
  DIVERGED_ROOT,
  evaluationStatement,
  NO_HASH,
  type SaltedCommitment,
  type WorkerEffect,
  type WorkerEvent,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { signEvaluated, signTrained } from './account-signing.ts'
import { findDone, rememberDone } from './done-units.ts'
import type { WorkerParts } from './parts.ts'
import { problemText } from './prepare-job.ts'
import { roundReason } from './retention.ts'

type RunEffect = Extract<WorkerEffect, { effect: 'run' }>
type OnProgress = (progress: { readonly done: number; readonly lossBits: number }) => void

/** What running a unit needs of its job. */
interface RunJob {
  /** Of its document. */
  readonly id: HashHex
  readonly checkpoints: number
}

/** How often a unit under way is saved, so that a killed process goes on in its middle. */
const CHECKPOINT_EVERY_SECONDS = 15

const SALT_BYTES = 32

/** Binds a worker to its steps. Audits (`protocol/src/audit`) will give what each step left; until then there is none. */
function salted(commitment: Commitment): { readonly commitment: SaltedCommitment; readonly salt: Uint8Array } {
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  return { commitment: { ...commitment, ...commitSteps(sha256, salt, []) }, salt }
}

/** Signs what was found, with the node's key and with its account. */
async function signed(parts: WorkerParts, commitment: SaltedCommitment, claims: readonly HashHex[]) {
  const { signer } = parts
  const signature = encodeHex(signer.sign(commitmentStatement(commitment)))
  return { commitment, worker: signer.peer, signature, ...(await signTrained(parts, commitment, claims)) }
}

/** What a worker answers for where its unit left the domain: nothing of it has a root. */
function divergedCommitment({ unit, globalRoot, replicaRoot }: RunEffect, checkpoints: number): Commitment {
  return {
    unit,
    globalRoot,
    replicaRoot: replicaRoot ?? NO_HASH,
    updateRoot: DIVERGED_ROOT,
    newReplicaRoot: DIVERGED_ROOT,
    checkpointRoots: Array.from({ length: checkpoints }, () => DIVERGED_ROOT),
    lossBits: 0,
  }
}

async function train(
  parts: WorkerParts,
  { id: document, checkpoints }: RunJob,
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
    const work = await signed(parts, salted(divergedCommitment(effect, checkpoints)).commitment, claims)
    return { event: 'diverged', job, lease, unit, divergence: answer.diverged, signed: work }
  }
  const { commitment, salt } = salted(answer.value)
  for (const root of [commitment.updateRoot, commitment.newReplicaRoot])
    storage.pins.pin(root, roundReason(job, round), Date.now())
  // Before it is signed: the salt is all that opens what the signature is over.
  rememberDone(storage, { commitment, salt })
  return { event: 'trained', job, lease, signed: await signed(parts, commitment, claims) }
}

async function evaluate(parts: WorkerParts, document: HashHex, effect: RunEffect): Promise<WorkerEvent> {
  const { job, lease, unit, globalRoot, claims } = effect
  const answer = await parts.compute.request({ kind: 'evaluate', document, globalRoot })
  if (!answer.ok) {
    if (answer.why === 'diverged') return { event: 'diverged', job, lease, unit, divergence: answer.diverged }
    return { event: 'failed', job, lease, reason: problemText(answer) }
  }
  const found = { unit, globalRoot, ...answer.value }
  const signature = encodeHex(parts.signer.sign(evaluationStatement(found)))
  const evaluation = { ...found, worker: parts.signer.peer, signature, ...(await signEvaluated(parts, found, claims)) }
  return { event: 'evaluated', job, lease, evaluation }
}

/** Does a unit. Never rejects because of the job; what went wrong is an event. */
export const runWork = (
  parts: WorkerParts,
  job: RunJob,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> =>
  effect.unit.kind === 'train' ? train(parts, job, effect, onProgress) : evaluate(parts, job.id, effect)
