/** A valid job of many tiny units: a coordinator reads its schedule and costs, and never its tensors. */
import { randomBytes } from 'node:crypto'
import type { NetworkFile, SubmitRequest } from '@cairn/node'
import { encodeHex, type HashHex, sha256 } from '@cairn/primitives'
import {
  bytesBlob,
  documentId,
  encodeJobDocument,
  type JobDocument,
  jobKey,
  maximumPriceOf,
  NO_HASH,
  parseJobSpec,
  type Terms,
} from '@cairn/protocol'
import { rootOf } from './toy-work.ts'

/** More than a coordinator gets through. */
const ROUNDS = 5_000
const CUSTODIANS = 1

const NO_VERIFICATION = {
  policy: 0,
  provable: NO_HASH,
  auditRate: 0,
  verifiers: 0,
  auditPrice: 0n,
  maximumUnsettled: 64,
} as const

const specOf = (replicas: number) =>
  parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'many tiny units',
    seed: 1,
    model: { kind: 'gpt', layers: 1, heads: 1, width: 8, context: 8 },
    data: { kind: 'text', source: 'tiny.txt' },
    optimiser: { learningRate: 0.001 },
    schedule: { replicas, innerSteps: 1, rounds: ROUNDS, batch: 1, checkpoints: 1 },
    evaluation: { batches: 1, everyRounds: ROUNDS },
    verification: { policy: 'none' },
  })

function documentOf({ chainId, escrow }: NetworkFile, submitter: string, replicas: number): JobDocument {
  return {
    format: 'cairn/document/v1',
    spec: specOf(replicas),
    programRoot: rootOf('program'),
    vocabulary: 256,
    data: { sha256: rootOf('source'), blobSha256: rootOf('data'), tokens: 1000 },
    initialRoot: rootOf('initial'),
    blobs: { program: rootOf('program blob') as never, data: rootOf('data blob') as never },
    cost: {
      // About a second for each of the nodes, so that leases last as long as those of real work.
      operationsPerUnit: '3000000000',
      operationsPerEvaluation: '3000000000',
      ...{ memoryBytes: 2 ** 20, updateBytes: 1000, replicaStateBytes: 1000, globalStateBytes: 1000 },
    },
    network: { chainId, escrow: escrow.toLowerCase() },
    submitter: submitter.toLowerCase(),
    salt: encodeHex(randomBytes(32)) as HashHex,
  }
}

/** Makes the job and what it pays. */
export function toyJob(
  network: NetworkFile,
  submitter: string,
  replicas: number,
): Pick<SubmitRequest, 'submission' | 'terms'> {
  const document = documentOf(network, submitter, replicas)
  const id = documentId(sha256, document)
  const parts = bytesBlob(encodeJobDocument(document))
  const prices = { trainPrice: 3n, evaluatePrice: 1n, custodyPrice: 1n, roundPrice: 1n }
  const counted = { rounds: ROUNDS, replicas, evaluateEvery: ROUNDS, custodians: CUSTODIANS }
  const unpriced: Terms = { document: id, budget: 0n, ...NO_VERIFICATION, ...prices, ...counted }
  return {
    submission: { document, documentId: id, job: jobKey(submitter, id), blobs: [{ id, parts }] },
    terms: { ...unpriced, budget: maximumPriceOf(unpriced) },
  }
}
