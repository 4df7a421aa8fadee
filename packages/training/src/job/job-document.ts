/**
 * From a compiled job to the document and blobs that a network needs, and back: what a node checks before it believes
 * a document about a program. SPEC: docs/spec/job-document.md.
 */
import { encodeUtf8, type HashFunction, type HashHex } from '@cairn/primitives'
import {
  type BlobPart,
  bytesBlob,
  bytesId,
  type DocumentId,
  encodeJobDocument,
  type JobDocument,
  jobKey,
  operationsPerUnit,
  type ProvableJob,
} from '@cairn/protocol'
import { graphCost } from '../compile/graph-cost.ts'
import type { JobProgram } from '../compile/program.ts'
import { encodeProgram } from '../compile/program-bytes.ts'
import { globalSlots, type State } from '../execute/state.ts'
import { stateParts } from '../execute/state-blob.ts'
import type { PreparedData } from './prepare-data.ts'
import { provableOf } from './provable.ts'

export interface SubmissionParts {
  readonly program: JobProgram
  readonly data: PreparedData
  readonly initialRoot: HashHex
  /** The initial state when it does not follow from the seed. */
  readonly initial?: State
  /** From the backend that compiled the inner step. */
  readonly stepMemoryBytes: number
  readonly network: JobDocument['network']
  readonly submitter: string
  /** Makes two submissions of one specification two jobs. */
  readonly salt: HashHex
}

/** A job ready to be submitted. */
export interface Submission {
  readonly document: JobDocument
  readonly documentId: DocumentId
  readonly job: ReturnType<typeof jobKey>
  /** What its terms hold the hash of, if they ask for audits. */
  readonly provable: ProvableJob
  /** All blobs of the job with their ids, the document's among them. */
  readonly blobs: readonly { readonly id: HashHex; readonly parts: readonly BlobPart[] }[]
}

/** Counts what the document says of a program's cost. */
function costOf(program: JobProgram, stepMemoryBytes: number): JobDocument['cost'] {
  const graph = graphCost(program, stepMemoryBytes)
  return {
    operationsPerUnit: String(operationsPerUnit(program.spec, graph)),
    operationsPerEvaluation: String(graph.operationsPerEvaluation),
    memoryBytes: stepMemoryBytes,
    updateBytes: graph.updateBytesPerUnit,
    replicaStateBytes: graph.replicaStateBytes,
    globalStateBytes: graph.globalStateBytes,
  }
}

/** Writes the job document, and lists the blobs that a node needs or a submitter wants. */
export function submissionOf(hash: HashFunction, parts: SubmissionParts): Submission {
  const { program, data, initial, initialRoot } = parts
  const { tokeniser } = data
  const bytesOf = (bytes: Uint8Array) => ({ id: bytesId(hash, bytes), parts: bytesBlob(bytes) })
  const [programBlob, dataBlob] = [bytesOf(encodeProgram(program)), bytesOf(data.blob)]
  const tokeniserBlob = tokeniser && bytesOf(encodeUtf8(JSON.stringify(tokeniser.toJson())))
  const initialBlob = initial && { id: initialRoot, parts: stateParts(globalSlots(program.model), initial) }
  const document: JobDocument = {
    format: 'cairn/document/v1',
    spec: program.spec,
    programRoot: program.programRoot,
    vocabulary: data.vocabulary,
    data: data.facts,
    initialRoot,
    blobs: {
      program: programBlob.id,
      data: dataBlob.id,
      ...(initialBlob && { initial: initialBlob.id }),
      ...(tokeniserBlob && { tokeniser: tokeniserBlob.id }),
    },
    cost: costOf(program, parts.stepMemoryBytes),
    network: parts.network,
    submitter: parts.submitter,
    salt: parts.salt,
  }
  const documentBlob = bytesOf(encodeJobDocument(document))
  const all = [documentBlob, programBlob, dataBlob, tokeniserBlob, initialBlob]
  return {
    document,
    documentId: documentBlob.id,
    job: jobKey(parts.submitter, documentBlob.id),
    provable: provableOf(hash, document, program),
    blobs: all.filter(blob => blob !== undefined),
  }
}

/** What a document says wrongly about its program's cost. */
export interface WrongCost {
  readonly path: string
  readonly expected: string
  readonly found: string
}

/** Compares a document's costs with its program; undefined when all is well. The memory is the backend's to know. */
export function wrongCost({ cost: claimed }: JobDocument, program: JobProgram): WrongCost | undefined {
  const counted = costOf(program, claimed.memoryBytes)
  const wrong = (Object.keys(counted) as (keyof JobDocument['cost'])[]).find(key => claimed[key] !== counted[key])
  if (wrong === undefined) return undefined
  return { path: `cost.${wrong}`, expected: String(counted[wrong]), found: String(claimed[wrong]) }
}
