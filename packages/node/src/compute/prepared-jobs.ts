/** Jobs ready to be worked on: document checked, program decoded, data read, graphs compiled. The last few stay. */
import { type Backend, wasm } from '@cairn/engine'
import { type HashFunction, type HashHex, IntegrityError } from '@cairn/primitives'
import {
  type DocumentId,
  decodeJobDocument,
  type JobDocument,
  type JobId,
  jobKey,
  type ProvableJob,
} from '@cairn/protocol'
import {
  createExecutor,
  type Dataset,
  datasetFromBlob,
  decodeProgram,
  type Executor,
  type JobProgram,
  provableOf,
  wrongCost,
} from '@cairn/training'
import type { BlobStore } from '../blobs/blob-store.ts'
import { missing } from './problems.ts'

export interface ReadyJob {
  readonly id: DocumentId
  readonly job: JobId
  readonly document: JobDocument
  readonly program: JobProgram
  readonly executor: Executor
  readonly dataset: Dataset
  /** The blob that the dataset was read from. */
  readonly dataBytes: Uint8Array
  readonly backend: Backend
  /** PERF: holds the root of a fresh replica's state, and those zeros take a tenth of a second to hash for a large model. */
  readonly provable: ProvableJob
}

/** Chooses what a job is computed on: the same for all honest nodes. */
export type BackendFor = (job: Pick<ReadyJob, 'document' | 'dataset'>) => Backend

/** What honest nodes compute on. */
export const onWasm: BackendFor = () => wasm

/** Compiled graphs hold their memory, so few jobs are kept. */
const MOST_JOBS = 2

/** What execution needs of the node's blobs. */
export type Blobs = Pick<BlobStore, 'read' | 'readParts' | 'write'>

async function mustRead(blobs: Blobs, id: HashHex): Promise<Uint8Array> {
  const parts = await blobs.read(id)
  if (parts === undefined) throw missing(id)
  const [part] = parts
  if (part?.dtype === 'u8' && parts.length === 1) return part.bytes
  throw badDocument(id, 'a blob of plain bytes', 'a blob of tensors')
}

const badDocument = (path: string, expected: string, found: string): IntegrityError =>
  new IntegrityError('document.refused', 'This job document cannot be used.', {
    path,
    expected,
    found,
    fix: 'Refuse the job; an honest submitter writes its document with cairn.',
  })

async function readDocument(blobs: Blobs, id: DocumentId): Promise<JobDocument> {
  const decoded = decodeJobDocument(await mustRead(blobs, id))
  if (!decoded.ok) throw badDocument(decoded.path || 'the document', `a job document (${decoded.code})`, decoded.found)
  return decoded.document
}

export interface JobsOptions {
  readonly blobs: Blobs
  readonly hash: HashFunction
  readonly threads: number
  readonly backendFor: BackendFor
}

async function readyJob({ blobs, hash, threads, backendFor }: JobsOptions, id: DocumentId): Promise<ReadyJob> {
  const document = await readDocument(blobs, id)
  const { spec, vocabulary, data: facts } = document
  const program = decodeProgram(await mustRead(blobs, document.blobs.program), document, hash)
  const wrong = wrongCost(document, program)
  if (wrong !== undefined) throw badDocument(wrong.path, wrong.expected, wrong.found)
  const provable = provableOf(hash, document, program)
  const dataBytes = await mustRead(blobs, document.blobs.data)
  const dataset = datasetFromBlob({ spec, facts, vocabulary }, dataBytes, hash)
  const backend = backendFor({ document, dataset })
  const executor = createExecutor(program, dataset, { backend, hash, threads })
  const job = jobKey(document.submitter, id)
  return { id, job, document, program, executor, dataset, dataBytes, backend, provable }
}

export interface PreparedJobs {
  /** Throws what is wrong with the job. */
  ready(id: DocumentId): Promise<ReadyJob>
}

/** Keeps the jobs used last. */
export function preparedJobs(options: JobsOptions): PreparedJobs {
  const jobs = new Map<DocumentId, ReadyJob>()
  return {
    async ready(id) {
      const job = jobs.get(id) ?? (await readyJob(options, id))
      jobs.delete(id)
      jobs.set(id, job)
      for (const [oldest, { executor }] of jobs) {
        if (jobs.size <= MOST_JOBS) break
        jobs.delete(oldest)
        await executor.close()
      }
      return job
    },
  }
}
