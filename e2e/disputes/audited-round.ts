/** A round that was really done, by a compute thread, and anchored as its workers claim it; with its document. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  anchorRound,
  type ChainClient,
  claimsHash,
  endJob,
  jobKey,
  provableHash,
  signWork,
  submitJob,
  takeLease,
} from '@cairn/contracts'
import { knownClaim, withClaims } from '@cairn/contracts/conformance'
import { wasm } from '@cairn/engine'
import { type BlobStore, type Compute, createCompute, openBlobStore, sha256 } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  bytesBlob,
  bytesId,
  type ClosingDocument,
  commitSteps,
  DIVERGED,
  type DocumentId,
  encodeClosingDocument,
  encodeRoundDocument,
  evaluatedClaim,
  type JobId,
  NO_HASH,
  outerMessage,
  type RoundDocument,
  type SaltedCommitment,
  type StepValues,
  type Terms,
  trainedClaim,
  type Work,
  workMessage,
} from '@cairn/protocol'
import { createExecutor, globalSlots, rootOfState, type Submission, submissionOf } from '@cairn/training'
import { tinyDigits } from '@cairn/training/conformance'
import { accountOf, type DisputeNetwork } from './disputed-round.ts'

const REPLICAS = 2
const EVALUATION_BATCHES = 2
const KEY = 'ab'.repeat(32)
const SALT = new Uint8Array(32).fill(9)

const terms: Omit<Terms, 'document' | 'provable' | 'evaluateEvery'> = {
  ...{ budget: 10_000n, trainPrice: 100n, evaluatePrice: 50n, custodyPrice: 1n, roundPrice: 10n, auditPrice: 10n },
  ...{ rounds: 2, replicas: REPLICAS, custodians: 0, auditRate: 500_000, maximumUnsettled: 2 },
  ...{ verifiers: 1, policy: 1 },
}

/** What the workers of all rounds here have: one disk, one thread, one unit of work for all jobs. */
export interface Workshop {
  readonly blobs: BlobStore
  readonly compute: Compute
  readonly submit: (salt: string) => Submission
  stop(): Promise<void>
}

export async function openWorkshop({ submitter }: DisputeNetwork): Promise<Workshop> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-audits-'))
  const blobDirectory = join(directory, 'blobs')
  const blobs = await openBlobStore({ directory: blobDirectory })
  const compute = createCompute({ blobDirectory, progressDirectory: join(directory, 'progress'), threads: 1 })
  const { program, data } = tinyDigits()
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256 })
  const initial = await executor.initialState()
  await executor.close()
  if (!initial.ok) throw new Error('the initial weights left the domain')
  const initialRoot = rootOfState(sha256, globalSlots(program.model), initial.value)
  return {
    blobs,
    compute,
    submit: salt =>
      submissionOf(sha256, {
        ...{ program, data, initialRoot, stepMemoryBytes: 1, salt: salt.repeat(64) as HashHex },
        network: { chainId: submitter.chainId, escrow: submitter.addresses.escrow.toLowerCase() },
        submitter: accountOf(submitter).toLowerCase(),
      }),
    async stop() {
      await compute.terminate()
      rmSync(directory, { recursive: true })
    },
  }
}

export interface DoneRound {
  readonly job: JobId
  readonly submission: Submission
  readonly anchor: Anchor
  /** Of every replica. */
  readonly values: readonly (readonly StepValues[])[]
  readonly document: RoundDocument
}

const resultOf = <T>(answer: { ok: true; value: T } | { ok: false; why: string }): T => {
  if (!answer.ok) throw new Error(`not done: ${answer.why}`)
  return answer.value
}

/** What is claimed in place of what was found. */
export interface RoundLie {
  /** Of replica 1's unit. */
  readonly unit?: Partial<SaltedCommitment>
  readonly globalRoot?: HashHex
  /** That replica 1's unit left the domain after its first checkpoint, or the outer step or the evaluation did, and the job with it. */
  readonly diverged?: 'unit' | 'outer' | 'evaluation'
  /** Nobody has the document of the round. */
  readonly isWithheld?: boolean
}

/** What a worker claims that says so. */
const diverged = ({ checkpointRoots }: SaltedCommitment): Partial<SaltedCommitment> => ({
  checkpointRoots: checkpointRoots.map((root, i) => (i === 0 ? root : DIVERGED)),
  ...{ updateRoot: DIVERGED, newReplicaRoot: DIVERGED, lossBits: 0 },
})

/** Does round 0 of a job. */
async function doRound({ compute, blobs }: Workshop, submission: Submission, lie: RoundLie) {
  for (const { parts } of submission.blobs) await blobs.write(parts)
  const document = submission.documentId as DocumentId
  const { globalRoot } = resultOf(await compute.request({ kind: 'initialState', document }))
  const about = { kind: 'runUnit', document, round: 0, globalRoot, checkpointEverySeconds: 60 } as const
  const done = []
  for (let replica = 0; replica < REPLICAS; replica++) {
    const { commitment, values } = resultOf(await compute.request({ ...about, replica }))
    const salted = { ...commitment, ...commitSteps(sha256, SALT, values) }
    done.push({
      values,
      commitment: replica === 1 ? { ...salted, ...lie.unit, ...(lie.diverged === 'unit' && diverged(salted)) } : salted,
      updateRoot: commitment.updateRoot,
    })
  }
  const updateRoots = done.map(({ updateRoot }) => updateRoot)
  const outer = await compute.request({ kind: 'applyOuterStep', document, globalRoot, updateRoots })
  return { done, globalRoot: lie.globalRoot ?? resultOf(outer).globalRoot }
}

function mustBe<Result extends { readonly ok: boolean }>(result: Result): Result {
  if (!result.ok) throw new Error(JSON.stringify(result))
  return result
}

/** What a worker claims that says so of the evaluation. */
const divergedEvaluation = (globalRoot: HashHex) => {
  const values = Array.from({ length: EVALUATION_BATCHES }, () => ({ lossBits: 0, normBits: [] }))
  const operator = { graph: 'evaluation', operator: 'x' }
  return evaluatedClaim({ globalRoot, lossBits: 0, ...commitSteps(sha256, SALT, values), diverged: operator })
}

interface AnchorOptions {
  /** Other terms than those of an audited job. */
  readonly terms?: Partial<Terms>
  /** What happens after the job was submitted, before its round is anchored. */
  readonly meanwhile?: (about: { readonly job: JobId; readonly globalRoot: HashHex }) => Promise<void>
}

/** Submits a job, does its first round, and anchors it. */
export async function anchorDone(
  network: DisputeNetwork,
  workshop: Workshop,
  salt: string,
  lie: RoundLie = {},
  options: AnchorOptions = {},
): Promise<DoneRound> {
  const { submitter, coordinator, workers } = network
  const submission = workshop.submit(salt)
  const job = jobKey(accountOf(submitter), submission.documentId)
  const { done, globalRoot: found } = await doRound(workshop, submission, lie)
  const isEvaluated = lie.diverged === 'evaluation'
  const globalRoot = lie.diverged && !isEvaluated ? NO_HASH : found
  const units = done.map(({ commitment }, i) => ({
    ...{ commitment, worker: KEY, signature: KEY.repeat(2), claimSignature: 'cd'.repeat(65), custody: [] },
    account: accountOf(workers[i] as ChainClient).toLowerCase(),
  }))
  const document: RoundDocument = { format: 'cairn/round/v2', job, round: 0, units, globalRoot, outers: [] }
  const closing: ClosingDocument = { format: 'cairn/closing/v1', job, round: 0, outcome: 'diverged', units }
  const bytes = lie.diverged ? encodeClosingDocument(closing) : encodeRoundDocument(document)
  const documentId = lie.isWithheld ? bytesId(sha256, bytes) : await workshop.blobs.write(bytesBlob(bytes))
  const known = { document: submission.documentId, provable: provableHash(submission.provable) }
  const evaluateEvery = Number(isEvaluated)
  mustBe(await submitJob(submitter, { ...terms, evaluateEvery, ...options.terms, ...known }))
  mustBe(await takeLease(coordinator, job))
  await options.meanwhile?.({ job, globalRoot: submission.document.initialRoot })
  const evaluated = isEvaluated ? [divergedEvaluation(found)] : []
  const claims = [...done.map(({ commitment }) => trainedClaim(commitment)), ...evaluated]
  const workerOf = (index: number) => workers[index % REPLICAS] as ChainClient
  const bare = claims.map((claim, index): Work => {
    const worker: Account = accountOf(workerOf(index))
    return { worker, index, claim: knownClaim(claim), signature: '0x', outer: '0x', custodians: [] }
  })
  const link = { job, round: 0, previousHead: NO_HASH, previousRoot: NO_HASH, previousClaims: NO_HASH }
  const unsigned = { ...link, globalRoot, documentId, coordinator: accountOf(coordinator), audits: [], works: bare }
  const works = await Promise.all(
    bare.map(async (work, i) => ({
      ...work,
      signature: await signWork(workerOf(i), workMessage(unsigned, work, REPLICAS, claimsHash)),
      ...(i < REPLICAS && { outer: await signWork(workerOf(i), outerMessage(unsigned, REPLICAS, claimsHash)) }),
    })),
  )
  const anchor = { ...unsigned, works }
  mustBe(await (lie.diverged ? endJob : anchorRound)(coordinator, withClaims({ epoch: 1, ...anchor })))
  return { job, submission, anchor, values: done.map(({ values }) => values), document }
}
