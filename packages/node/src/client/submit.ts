/**
 * Submitting: the budget is locked on the chain, then nodes fetch the job's blobs from here. Once enough of them say
 * that they hold all, the submitter may go offline.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { submitJob as submitOnChain } from '@cairn/contracts'
import { InputError } from '@cairn/primitives'
import { encodeJobDocument, type JobId, type Terms } from '@cairn/protocol'
import type { Submission } from '@cairn/training'
import { openBlobStore } from '../blobs/blob-store.ts'
import { serveBlobs } from '../blobs/serve-blobs.ts'
import type { NetworkClient } from './connect.ts'

export type SubmitEvent =
  | { readonly kind: 'locked'; readonly job: JobId; readonly transaction: string }
  | { readonly kind: 'pinned'; readonly peer: string; readonly holders: number; readonly wanted: number }
  | { readonly kind: 'waiting'; readonly reason: string }

export interface SubmitRequest {
  readonly submission: Submission
  readonly terms: Terms
  readonly onEvent: (event: SubmitEvent) => void
  /** Ends the waiting for nodes; the job stays submitted. */
  readonly signal?: AbortSignal
}

const REPEAT_MS = 1_500
/** More copies than this help nobody. */
const MOST_HOLDERS = 3

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

/** Serves the blobs until enough nodes hold them. */
async function handOver(client: NetworkClient, { submission, terms, onEvent, signal }: SubmitRequest): Promise<void> {
  const { job, document, documentId, blobs } = submission
  const holders = new Set<string>()
  const { promise: done, resolve } = Promise.withResolvers<void>()
  let wanted = terms.custodians + 1
  const unlisten = client.listen(message => {
    if (message.kind !== 'pinned' || message.job !== job || holders.has(message.sender)) return
    holders.add(message.sender)
    onEvent({ kind: 'pinned', peer: message.sender, holders: holders.size, wanted })
    if (holders.size >= wanted) resolve()
  })
  const roots = blobs.map(({ id }) => id).filter(id => id !== documentId)
  const bytes = encodeJobDocument(document)
  const tell = async () => {
    for (const peer of client.coordinators()) client.send(peer, 'submitted', job, { document: bytes })
    const workers = (await client.nodes()).filter(
      ({ role, leaving, seenMsAgo }) => role === 'worker' && !leaving && seenMsAgo < 10_000,
    )
    if (workers.length === 0) onEvent({ kind: 'waiting', reason: 'no worker is there yet to fetch the data' })
    wanted = Math.max(1, Math.min(MOST_HOLDERS, terms.custodians + 1, Math.max(workers.length, 1)))
    for (const { peer, addresses } of workers.slice(0, MOST_HOLDERS)) {
      client.host.learn({ peer, addresses })
      const sources = [{ peer: client.host.peer, addresses: client.host.addresses() }]
      if (!holders.has(peer))
        client.send(peer, 'pin', job, { document: documentId as never, roots: roots as never, sources })
    }
  }
  const repeat = setInterval(
    () => void tell().catch(error => onEvent({ kind: 'waiting', reason: String(error) })),
    REPEAT_MS,
  )
  signal?.addEventListener('abort', () => resolve(), { once: true })
  try {
    await tell()
    await done
  } finally {
    clearInterval(repeat)
    unlisten()
  }
}

/** Submits a job and waits until nodes hold its blobs. Throws `InputError` with the code of the contract's refusal. */
export async function submitJob(client: NetworkClient, request: SubmitRequest): Promise<{ readonly job: JobId }> {
  const { submission } = request
  const directory = await mkdtemp(join(tmpdir(), 'cairn-submit-'))
  try {
    const store = await openBlobStore({ directory })
    for (const { parts } of submission.blobs) await store.write(parts)
    await serveBlobs(client.host.connections, store)
    await lock(client, request)
    await handOver(client, request)
    return { job: submission.job }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
