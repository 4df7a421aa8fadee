/**
 * Submitting: the budget is locked on the chain, then nodes fetch the job's blobs from here. Once enough of them say
 * that they hold all, the submitter may go offline.
 */
import { submitJob as submitOnChain } from '@cairn/contracts'
import { InputError } from '@cairn/primitives'
import type { JobId, Terms } from '@cairn/protocol'
import type { NetworkClient } from './connect.ts'
import { type HandOver, type HandOverEvent, handOver } from './hand-over.ts'

export type SubmitEvent = { readonly kind: 'locked'; readonly job: JobId; readonly transaction: string } | HandOverEvent

export interface SubmitRequest {
  readonly submission: HandOver['submission']
  readonly terms: Terms
  readonly onEvent: (event: SubmitEvent) => void
  /** Ends the waiting for nodes; the job stays submitted. */
  readonly signal?: AbortSignal
}

const refused = (code: string, reason: string): InputError =>
  new InputError(code, 'The chain refused the job.', {
    path: 'submit',
    expected: 'a job that the Escrow takes',
    found: reason,
    fix: 'See `cairn balance`; on a local network `cairn faucet` gives test tokens.',
  })

/** Locks the budget, or finds that it is locked already. Throws `InputError` with the contract's code. */
async function lock(client: NetworkClient, { submission, terms, onEvent }: SubmitRequest): Promise<void> {
  const result = await submitOnChain(client.chain, terms)
  if (!result.ok && result.code !== 'JobExists') throw refused(result.code, result.reason)
  onEvent({ kind: 'locked', job: submission.job, transaction: result.ok ? result.transaction : '' })
}

/** Submits a job and waits until nodes hold its blobs. Throws `InputError` with the code of the contract's refusal. */
export async function submitJob(client: NetworkClient, request: SubmitRequest): Promise<{ readonly job: JobId }> {
  const { submission } = request
  const { store, counts } = await client.blobs.open()
  for (const { parts } of submission.blobs) await store.write(parts)
  await lock(client, request)
  await handOver(client, { ...request, uploadedBytes: () => counts.bytes })
  return { job: submission.job }
}
