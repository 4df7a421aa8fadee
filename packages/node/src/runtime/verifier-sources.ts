/** What a verifier works with, brought here: a job that fits its terms, documents of rounds, states. What is missing may come later. */
import { type ChainClient, type LinkPlace, readClaims } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Anchor,
  decodeClosingDocument,
  decodeRoundDocument,
  type JobDocument,
  type JobId,
  type Opening,
  type ProvableJob,
  type RoundDocument,
  type UnitClaim,
} from '@cairn/protocol'
import type { LivePeers } from './live-peers.ts'
import type { WorkerParts } from './parts.ts'
import { isJudgedRightly, OTHER_JOB, prepareJob, problemText } from './prepare-job.ts'

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

/** Looking for what is of use, and not needed, may take as long. */
const PATIENCE_MS = 5_000

/** Prepares a job, and what it takes to challenge its units. One whose terms name another program or other data cannot be judged. */
export async function verifiableJob(parts: VerifierParts, job: JobId): Promise<Sourced<VerifiableJob>> {
  const view = parts.chain.job(job)
  if (view === undefined) return { ok: false, reason: 'the chain has not named the job yet' }
  const id = view.terms.document
  const prepared = await prepareJob(parts, job, id, parts.peers.list())
  if (!prepared.ok) return prepared
  const { document, provable } = prepared
  if (!isJudgedRightly(view, provable)) return { ok: false, reason: OTHER_JOB, isFinal: true }
  const contents = await parts.compute.request({ kind: 'contents', document: id })
  if (!contents.ok) return { ok: false, reason: problemText(contents) }
  return { ok: true, value: { id, document, provable, contents: contents.value } }
}

interface ObtainOptions {
  readonly holders: readonly string[]
  /** Names of the parts that are needed; left out, all are. */
  readonly names?: readonly string[]
  readonly signal?: AbortSignal
}

/** Brings a blob here and keeps it for a reason: for as long as it is needed, so it need not outlast a power cut. */
async function obtain(
  { blobs, fetcher, storage, peers }: VerifierParts,
  root: HashHex,
  reason: string,
  { holders, names, signal }: ObtainOptions,
): Promise<string | undefined> {
  storage.pins.pin(root, reason, Date.now())
  if (await blobs.has(root, names)) return undefined
  const options = { isDurable: false, ...(names && { names }), ...(signal && { signal }) }
  const fetched = await fetcher.fetch(root, peers.list(holders), options)
  return fetched.ok ? undefined : `the blob ${root.slice(0, 8)} cannot be fetched (${fetched.code})`
}

/** PERF: a link's claims never change, its head being a hash of them; those that were read are known for as long as its draw is. */
const known = new WeakMap<LinkPlace, readonly UnitClaim[]>()

/**
 * Reads what the works of a link claim. SAFETY: the chain was shown it with the link: whoever keeps the round's document from others
 * keeps nobody from disputing what it says.
 */
export async function claimsAt(
  { client }: Pick<VerifierParts, 'client'>,
  place: LinkPlace,
): Promise<Sourced<readonly UnitClaim[]>> {
  const claims = known.get(place) ?? (await readClaims(client, place))
  if (claims === undefined) return { ok: false, reason: 'the chain does not show what the link claims' }
  known.set(place, claims)
  return { ok: true, value: claims }
}

/**
 * Fetches what a link names: the document of its round, or the one that closes the chain. Undefined where it is not to be had: it only
 * says who may have the states.
 */
export async function documentOfLink(
  parts: VerifierParts,
  { documentId }: Pick<Anchor, 'documentId'>,
  reason: string,
): Promise<Pick<RoundDocument, 'units' | 'evaluation'> | undefined> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const missing = await obtain(parts, documentId, reason, { holders: [], signal })
  const bytes = missing === undefined ? (await parts.blobs.read(documentId))?.[0]?.bytes : undefined
  if (bytes === undefined) return undefined
  const decoded = [decodeRoundDocument(bytes), decodeClosingDocument(bytes)].find(({ ok }) => ok)
  return decoded?.ok ? decoded.document : undefined
}

/** A state that something is done again from. */
interface Input {
  readonly root: HashHex
  /** Names of the tensors that are needed; left out, all are. */
  readonly names?: readonly string[]
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
  async function bring({ root, names }: Input): Promise<string | undefined> {
    const isComputed = root === document.initialRoot && document.blobs.initial === undefined
    if (isComputed && !(await blobs.has(root))) {
      const answer = await compute.request({ kind: 'initialState', document: id })
      if (!answer.ok) return problemText(answer)
    }
    return obtain(parts, root, reason, { holders, ...(names && { names }) })
  }
  // A replica that has done nothing yet starts from zeros.
  const some = needed.filter(({ root, names }) => root !== provable.freshReplicaRoot && names?.length !== 0)
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
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const missing = await obtain(parts, root, reason, { holders, signal })
  return missing === undefined
}
