/** What a verifier works with, brought here: a job that fits its terms, documents of rounds, states. What is missing may come later. */
import type { ChainClient } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Anchor,
  type ClosingDocument,
  type Decoded,
  decodeClosingDocument,
  decodeRoundDocument,
  type JobDocument,
  type JobId,
  NO_HASH,
  type Opening,
  type ProvableJob,
  type RoundDocument,
} from '@cairn/protocol'
import type { LivePeers } from './live-peers.ts'
import type { WorkerParts } from './parts.ts'
import { prepareJob, problemText } from './prepare-job.ts'

export type VerifierParts = Omit<WorkerParts, 'client'> & {
  readonly client: ChainClient
  readonly peers: Pick<LivePeers, 'list'>
}

/** `isFinal`: trying again changes nothing. */
export type Sourced<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string; readonly isFinal?: boolean }

/** A job that is ready to be done again, and what a challenge shows of it. */
export interface VerifiableJob {
  readonly id: HashHex
  readonly document: JobDocument
  readonly provable: ProvableJob
  readonly contents: Opening
}

/** Looking for what only saves doing steps again may take as long. */
const CHECKPOINT_PATIENCE_MS = 5_000

/** Prepares a job, and what it takes to challenge its units. */
export async function verifiableJob(parts: VerifierParts, job: JobId): Promise<Sourced<VerifiableJob>> {
  const terms = parts.chain.job(job)?.terms
  if (terms === undefined) return { ok: false, reason: 'the chain has not named the job yet' }
  const id = terms.document
  const prepared = await prepareJob(parts, job, id, parts.peers.list())
  if (!prepared.ok) return prepared
  const facts = await parts.compute.request({ kind: 'facts', document: id })
  if (!facts.ok) return { ok: false, reason: problemText(facts) }
  return { ok: true, value: { id, document: prepared.document, ...facts.value } }
}

interface ObtainOptions {
  readonly holders: readonly string[]
  /** Names of the parts that are needed; left out, all are. */
  readonly only?: readonly string[]
  readonly signal?: AbortSignal
}

/** Brings a blob here and keeps it for a reason: for as long as it is needed, so it need not outlast a power cut. */
async function obtain(
  { blobs, fetcher, storage, peers }: VerifierParts,
  root: HashHex,
  reason: string,
  { holders, only, signal }: ObtainOptions,
): Promise<string | undefined> {
  storage.pins.pin(root, reason, Date.now())
  if (await blobs.has(root, only)) return undefined
  const options = { isDurable: false, ...(only && { parts: only }), ...(signal && { signal }) }
  const fetched = await fetcher.fetch(root, peers.list(holders), options)
  return fetched.ok ? undefined : `the blob ${root.slice(0, 8)} cannot be fetched (${fetched.code})`
}

/** Fetches what a link names: the document of its round, or the one that closes the chain. */
export const documentOfLink = (parts: VerifierParts, { globalRoot, documentId }: Anchor, reason: string) =>
  globalRoot === NO_HASH
    ? linkDocument<ClosingDocument>(parts, documentId, reason, decodeClosingDocument)
    : roundDocument(parts, documentId, reason)

/** Fetches the document of a round. */
export const roundDocument = (parts: VerifierParts, id: HashHex, reason: string) =>
  linkDocument<RoundDocument>(parts, id, reason, decodeRoundDocument)

async function linkDocument<T>(
  parts: VerifierParts,
  id: HashHex,
  reason: string,
  decode: (bytes: Uint8Array) => Decoded<T>,
): Promise<Sourced<T>> {
  const missing = await obtain(parts, id, reason, { holders: [] })
  if (missing !== undefined) return { ok: false, reason: `of the round document, ${missing}` }
  const decoded = decode((await parts.blobs.read(id))?.[0]?.bytes ?? new Uint8Array())
  if (decoded.ok) return { ok: true, value: decoded.document }
  return { ok: false, reason: `the round document is refused: ${decoded.path} ${decoded.found}`, isFinal: true }
}

/** A state that something is done again from. */
interface Input {
  readonly root: HashHex
  /** Names of the tensors that are needed; left out, all are. */
  readonly only?: readonly string[]
}

interface Inputs {
  readonly needed: readonly Input[]
  readonly holders: readonly string[]
}

/** Brings states here. The job's first one is computed when nobody has to send it. */
export async function obtainInputs(
  parts: VerifierParts,
  { id, document, provable }: VerifiableJob,
  reason: string,
  { needed, holders }: Inputs,
): Promise<string | undefined> {
  const { compute, blobs } = parts
  async function bring({ root, only }: Input): Promise<string | undefined> {
    const isComputed = root === document.initialRoot && document.blobs.initial === undefined
    if (isComputed && !(await blobs.has(root))) {
      const answer = await compute.request({ kind: 'initialState', document: id })
      if (!answer.ok) return problemText(answer)
    }
    return obtain(parts, root, reason, { holders, ...(only && { only }) })
  }
  // A replica that has done nothing yet starts from zeros.
  const some = needed.filter(({ root, only }) => root !== provable.freshReplicaRoot && only?.length !== 0)
  const missing = await Promise.all(some.map(bring))
  return missing.find(reason => reason !== undefined)
}

/** Brings a checkpoint here, if somebody gives it in time: without it, the steps before are done again. */
export async function obtainCheckpoint(
  parts: VerifierParts,
  root: HashHex,
  reason: string,
  holders: readonly string[],
): Promise<boolean> {
  const signal = AbortSignal.timeout(CHECKPOINT_PATIENCE_MS)
  const missing = await obtain(parts, root, reason, { holders, signal })
  return missing === undefined
}
