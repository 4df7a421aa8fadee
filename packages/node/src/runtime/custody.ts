/** What a worker checks before it promises to keep what another's unit left behind, and of what others promise it. */
import { claimHash } from '@cairn/contracts'
import {
  type Account,
  type BlobId,
  type BlobManifest,
  type ClaimChecking,
  custodyMessage,
  heldOf,
  isCustody,
  type JobDocument,
  type Keep,
  type MessageBodies,
  trainedClaim,
  type WorkerEvent,
  type WorkerState,
} from '@cairn/protocol'
import { modelOf, replicaSlots, stateFromParts, type TensorSlot, updateSlots } from '@cairn/training'
import type { BlobStore } from '../blobs/blob-store.ts'
import { verifySignature } from '../network/signing.ts'
import type { ChainWatch } from './chain-watch.ts'

/** The holder is whoever asks: nobody can have blobs kept in another's name. */
export function keepOf({ commitment, holder: { addresses } }: MessageBodies['keep'], sender: string): Keep {
  const { unit, updateRoot, newReplicaRoot } = commitment
  const claim = claimHash(trainedClaim(commitment))
  return { job: unit.job, unit, updateRoot, newReplicaRoot, claim, holder: { peer: sender, addresses } }
}

/** Tells whether the chain knows of a job that is not over and has such a unit. */
export function isUnitOfJob(chain: Pick<ChainWatch, 'job'>, { job, unit: { kind, round, replica } }: Keep): boolean {
  const view = chain.job(job)
  if (view === undefined || view.status === 'closed') return false
  return kind === 'train' && round < view.terms.rounds && replica < view.terms.replicas
}

const EMPTY = new Uint8Array()

const hasForm = (slots: readonly TensorSlot[], manifest: BlobManifest | undefined): boolean =>
  manifest !== undefined &&
  stateFromParts(
    slots,
    manifest.parts.map(part => ({ ...part, bytes: EMPTY })),
  ) !== undefined

/**
 * Tells whether blobs have the names, types and shapes of what a job's unit leaves behind. SAFETY: an update of another
 * form would keep all others from the outer step, again and again.
 */
export async function haveFormOfUnit(
  blobs: Pick<BlobStore, 'manifest'>,
  { spec, vocabulary }: JobDocument,
  { updateRoot, newReplicaRoot }: Keep,
): Promise<boolean> {
  const model = modelOf(spec, vocabulary)
  const [update, replica] = await Promise.all([updateRoot, newReplicaRoot].map(id => blobs.manifest(id as BlobId)))
  return hasForm(updateSlots(model), update) && hasForm(replicaSlots(model, spec.outer.innerState), replica)
}

/**
 * Makes a custodian's answer an event. SAFETY: what counts is its signature over what this worker's own unit left behind;
 * a commitment with any other would be refused for ever.
 */
export function keptEvent(
  state: WorkerState,
  { isSigned }: Pick<ClaimChecking, 'isSigned'>,
  peer: string,
  { unit: { job }, account, signature, claimSignature }: MessageBodies['kept'],
): Extract<WorkerEvent, { event: 'kept' }> | undefined {
  const commitment = state.jobs.get(job)?.task?.signed?.commitment
  const custody = { peer, account, signature }
  if (commitment === undefined || !isCustody(verifySignature, heldOf(commitment), custody)) return undefined
  const { round, replica: index } = commitment.unit
  const message = custodyMessage({ job, round, index }, claimHash(trainedClaim(commitment)))
  if (!isSigned(account as Account, message, `0x${claimSignature}`)) return undefined
  return { event: 'kept', job, unit: commitment.unit, custody, claimSignature }
}
