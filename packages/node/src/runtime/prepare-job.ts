/** Makes a job ready on this node: its document as the chain names it, its blobs, its program compiled. */
import { provableHash } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  decodeJobDocument,
  type JobDocument,
  type JobId,
  type PeerAddress,
  POLICIES,
  type ProvableJob,
} from '@cairn/protocol'
import type { JobView } from './chain-watch.ts'
import { wrongTerms } from './job-facts.ts'
import type { WorkerParts } from './parts.ts'
import { dataReason } from './retention.ts'

export type Prepared =
  | { readonly ok: true; readonly document: JobDocument; readonly provable: ProvableJob }
  | { readonly ok: false; readonly reason: string }

type Obtained = { readonly ok: true; readonly document: JobDocument } | { readonly ok: false; readonly reason: string }

/** What it takes. */
export type PreparingParts = Pick<WorkerParts, 'blobs' | 'fetcher' | 'storage' | 'chain' | 'compute'>

/** Reads a blob of plain bytes. */
async function readBytes({ blobs }: Pick<WorkerParts, 'blobs'>, id: HashHex): Promise<Uint8Array | undefined> {
  return (await blobs.read(id))?.[0]?.bytes
}

async function obtain(
  parts: Omit<PreparingParts, 'compute'>,
  job: JobId,
  id: HashHex,
  peers: readonly PeerAddress[],
): Promise<string | undefined> {
  const { blobs, fetcher, storage } = parts
  storage.pins.pin(id, dataReason(job), Date.now())
  if (await blobs.has(id)) return undefined
  const fetched = await fetcher.fetch(id, peers)
  return fetched.ok ? undefined : `the blob ${id.slice(0, 8)} cannot be fetched (${fetched.code})`
}

/** Fetches the document that the chain names. SAFETY: what anybody else names as the job's document is not fetched. */
export async function obtainDocument(
  parts: Omit<PreparingParts, 'compute'>,
  job: JobId,
  documentId: HashHex,
  peers: readonly PeerAddress[],
): Promise<Obtained> {
  const onChain = parts.chain.job(job)
  if (onChain?.terms.document !== documentId) return { ok: false, reason: 'the chain names another job document' }
  const missing = await obtain(parts, job, documentId, peers)
  if (missing !== undefined) return { ok: false, reason: missing }
  const decoded = decodeJobDocument((await readBytes(parts, documentId)) ?? new Uint8Array())
  if (!decoded.ok) return { ok: false, reason: `the job document is refused: ${decoded.path} ${decoded.found}` }
  return { ok: true, document: decoded.document }
}

/** What is wrong with the terms of a job that is not the one that its document is about. */
export const OTHER_JOB = 'its terms on the chain are not about the job in its document'

/**
 * What of a job's terms is not what its document says. SAFETY: contracts judge units by what the terms hold. A submitter that had
 * another job named there would refute honest units of the one in the document, and live on their bonds.
 */
function termsProblem(
  view: JobView,
  { document, provable }: Extract<Prepared, { readonly ok: true }>,
): string | undefined {
  if (!isJudgedRightly(view, provable)) return OTHER_JOB
  const wrong = wrongTerms(view, document)
  return wrong && `the terms on the chain do not fit the job: ${wrong}`
}

/** Fetches, checks and compiles. What is wrong with a job is a reason, never an exception. */
export async function prepareJob(
  parts: PreparingParts,
  job: JobId,
  documentId: HashHex,
  peers: readonly PeerAddress[],
): Promise<Prepared> {
  const obtained = await obtainDocument(parts, job, documentId, peers)
  if (!obtained.ok) return obtained
  for (const id of Object.values(obtained.document.blobs)) {
    const problem = await obtain(parts, job, id, peers)
    if (problem !== undefined) return { ok: false, reason: problem }
  }
  const answer = await parts.compute.request({ kind: 'prepare', document: documentId })
  return answer.ok ? { ...obtained, provable: answer.value.provable } : { ok: false, reason: problemText(answer) }
}

/** Whether contracts judge units of a job by what its document says. */
export const isJudgedRightly = ({ terms }: JobView, provable: ProvableJob): boolean =>
  POLICIES[terms.policy] === 'none' || provableHash(provable) === terms.provable

/** Prepares a job that this node is to work for. */
export async function prepareWork(
  parts: PreparingParts,
  job: JobId,
  documentId: HashHex,
  peers: readonly PeerAddress[],
): Promise<Prepared> {
  const prepared = await prepareJob(parts, job, documentId, peers)
  const view = parts.chain.job(job)
  if (!prepared.ok || view === undefined) return prepared
  const reason = termsProblem(view, prepared)
  return reason === undefined ? prepared : { ok: false, reason }
}

/** Says why there was no result. */
export function problemText(
  problem: { readonly why: string } & Partial<Record<'reason' | 'failure' | 'blob', unknown>>,
): string {
  const { why, reason, failure, blob } = problem
  if (why === 'failed') {
    const { code, message } = failure as { code: string; message: string }
    return `${code}: ${message}`
  }
  return why === 'missing' ? `the blob ${String(blob).slice(0, 8)} is missing` : `${why}${reason ? `: ${reason}` : ''}`
}
