/** One leased unit on the compute thread: remembered work first, then the work itself, then the signature. */
import { encodeHex, type HashHex } from '@cairn/primitives'
import { commitmentStatement, evaluationStatement, type WorkerEffect, type WorkerEvent } from '@cairn/protocol'
import { findDone, rememberDone } from './done-units.ts'
import type { WorkerParts } from './parts.ts'
import { problemText } from './prepare-job.ts'
import { roundReason } from './retention.ts'

type RunEffect = Extract<WorkerEffect, { effect: 'run' }>
type OnProgress = (progress: { readonly done: number; readonly lossBits: number }) => void

/** How often a unit under way is saved, so that a killed process goes on in its middle. */
const CHECKPOINT_EVERY_SECONDS = 15

async function train(
  parts: WorkerParts,
  document: HashHex,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> {
  const { compute, signer, storage, blobs } = parts
  const { job, lease, unit, globalRoot, replicaRoot } = effect
  const done = findDone(storage, unit)
  if (
    done?.commitment.globalRoot === globalRoot &&
    (replicaRoot ?? done.commitment.replicaRoot) === done.commitment.replicaRoot
  ) {
    const { updateRoot, newReplicaRoot } = done.commitment
    if ((await blobs.has(updateRoot as never)) && (await blobs.has(newReplicaRoot as never)))
      return { event: 'trained', job, lease, signed: done }
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
    if (answer.why === 'diverged') return { event: 'diverged', job, lease, unit, divergence: answer.diverged }
    return { event: 'failed', job, lease, reason: problemText(answer) }
  }
  const commitment = answer.value
  for (const root of [commitment.updateRoot, commitment.newReplicaRoot])
    storage.pins.pin(root, roundReason(job, round), Date.now())
  const signed = { commitment, worker: signer.peer, signature: encodeHex(signer.sign(commitmentStatement(commitment))) }
  rememberDone(storage, signed)
  return { event: 'trained', job, lease, signed }
}

async function evaluate(parts: WorkerParts, document: HashHex, effect: RunEffect): Promise<WorkerEvent> {
  const { job, lease, unit, globalRoot } = effect
  const answer = await parts.compute.request({ kind: 'evaluate', document, globalRoot })
  if (!answer.ok) {
    if (answer.why === 'diverged') return { event: 'diverged', job, lease, unit, divergence: answer.diverged }
    return { event: 'failed', job, lease, reason: problemText(answer) }
  }
  const found = { unit, globalRoot, ...answer.value }
  const signature = encodeHex(parts.signer.sign(evaluationStatement(found)))
  return { event: 'evaluated', job, lease, evaluation: { ...found, worker: parts.signer.peer, signature } }
}

/** Does a unit. Never rejects because of the job; what went wrong is an event. */
export const runWork = (
  parts: WorkerParts,
  document: HashHex,
  effect: RunEffect,
  onProgress: OnProgress,
): Promise<WorkerEvent> =>
  effect.unit.kind === 'train' ? train(parts, document, effect, onProgress) : evaluate(parts, document, effect)
