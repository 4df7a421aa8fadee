/** Fetching what a job came to: weights, receipt, tokeniser and plot, as `cairn train` leaves them in a directory. */

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { floatOfBits } from '@cairn/engine'
import {
  type DownloadedJob,
  downloadJob,
  type DownloadEvent as FetchEvent,
  type JobStatus,
  type NetworkClient,
} from '@cairn/node'
import { lockDirectory, makeDirectory, sha256, writeWhole } from '@cairn/node/files'
import { decodeUtf8, InputError, IntegrityError } from '@cairn/primitives'
import { encodeReceipt, type Receipt, receiptTerms } from '@cairn/protocol'
import {
  decodeProgram,
  globalSlots,
  type JobProgram,
  networkReceiptOf,
  stateFromParts,
  tokeniserFromJson,
  weightsFile,
} from '@cairn/training'
import { fileStore } from '../files/file-store.ts'
import { assertUsable, DOWNLOADING, RECEIPT, WEIGHTS } from '../files/run-directory.ts'
import { drawLosses, writeJob } from '../run/results.ts'
import { checkSignatures } from '../run/signatures.ts'
import { checkAccountSignatures } from './account-signatures.ts'

export type DownloadEvent = FetchEvent | { readonly kind: 'settling'; readonly reason: string }

/** A job that was cancelled or failed has weights, but no receipt: not all of its rounds were done. */
export interface Downloaded {
  readonly status: JobStatus
  readonly receipt?: Receipt
}

const SETTLED_EVERY_MS = 1000

const notOver = ({ job, agreed, rounds }: JobStatus): InputError =>
  new InputError('JobNotOver', 'The job is not over yet.', {
    path: job,
    expected: 'a job that has ended',
    found: `one with ${agreed} of ${rounds} rounds done`,
    fix: 'Wait for it with `cairn watch`, then download it.',
  })

/** Waits until payments are settled, since the receipt lists them. */
async function untilSettled(client: NetworkClient, prefix: string, onEvent: (event: DownloadEvent) => void) {
  for (;;) {
    const status = await client.job(prefix)
    if (status.status === 'running') throw notOver(status)
    if (status.isClosed) return status
    onEvent({ kind: 'settling', reason: status.reason })
    await sleep(SETTLED_EVERY_MS)
  }
}

function stateOf({ global }: DownloadedJob, { model }: JobProgram) {
  const state = stateFromParts(globalSlots(model), global)
  if (state !== undefined) return state
  throw new IntegrityError('OtherState', 'The final state is not one of this job’s model.', {
    path: 'the final state',
    expected: 'the tensors of the model',
    found: 'others',
    fix: 'Report this: the network agreed on a state that its program cannot have made.',
  })
}

function receiptOf(job: DownloadedJob, anchors: string, weights: Uint8Array): Receipt {
  const { document, terms, payees, audits, disputes } = job
  return networkReceiptOf(sha256, {
    document,
    terms: receiptTerms(terms),
    anchors: anchors.toLowerCase(),
    rounds: job.rounds.map(({ document: round, anchor: { blockNumber, transaction } }) => ({
      document: round,
      anchor: { block: Number(blockNumber), transaction },
    })),
    payees,
    audits,
    disputes,
    weights: { file: WEIGHTS, bytes: weights },
  })
}

/** Anchors fix what the coordinator said, not who signed it. */
async function assertSigned(receipt: Receipt): Promise<void> {
  const byNodes = checkSignatures(receipt)
  const verdict = byNodes.ok ? await checkAccountSignatures(receipt) : byNodes
  if (verdict.ok) return
  throw new IntegrityError('BadSignature', 'A round holds a signature that is not good.', {
    path: verdict.path,
    expected: verdict.expected,
    found: verdict.found,
    fix: 'The weights are there, but do not count on who did the work; `cairn verify` re-executes it.',
  })
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** One point for each round, since the losses of single steps stay with the workers. */
async function drawRounds(out: string, { document: { spec }, rounds }: DownloadedJob): Promise<void> {
  const at = (round: number): number => (round + 1) * spec.schedule.innerSteps
  await drawLosses(out, spec, {
    training: rounds.map(({ document: { round, units } }) => ({
      step: at(round),
      loss: mean(units.map(({ commitment }) => floatOfBits(commitment.lossBits))),
    })),
    validation: rounds.flatMap(({ document: { round, evaluation } }) =>
      evaluation === undefined ? [] : [{ step: at(round), loss: floatOfBits(evaluation.lossBits) }],
    ),
  })
}

async function writeStates(out: string, { states }: DownloadedJob): Promise<void> {
  for (const [root, parts] of states) {
    const bytes = parts.map(part => part.bytes)
    await fileStore(out).writeBlob('state', root, bytes)
  }
}

async function writeDownload(out: string, job: DownloadedJob, anchors: string): Promise<Downloaded> {
  const { document, status } = job
  const program = decodeProgram(job.program, document, sha256)
  const weights = weightsFile(program.model, stateOf(job, program))
  const tokeniser = job.tokeniser && tokeniserFromJson(JSON.parse(decodeUtf8(job.tokeniser)), 'the tokeniser')
  await writeJob(out, document.spec, tokeniser)
  await writeStates(out, job)
  await drawRounds(out, job)
  await writeWhole(join(out, WEIGHTS), weights)
  if (status.status !== 'finished') return { status }
  const receipt = receiptOf(job, anchors, weights)
  await assertSigned(receipt)
  await writeWhole(join(out, RECEIPT), encodeReceipt(receipt))
  return { status, receipt }
}

/** Downloads a job that is over. Throws `InputError` (`JobNotOver`), `ResourceError`, `IntegrityError`. */
export async function download(
  client: NetworkClient,
  prefix: string,
  out: string,
  onEvent: (event: DownloadEvent) => void,
): Promise<Downloaded> {
  await assertUsable(out, false)
  const { job: id } = await untilSettled(client, prefix, onEvent)
  await makeDirectory(out)
  const lock = lockDirectory(out, 'Wait for it or stop it, or choose another --out.')
  try {
    const blobs = join(out, DOWNLOADING)
    const { anchors } = client.chain.addresses
    const downloaded = await writeDownload(out, await downloadJob(client, id, blobs, onEvent), anchors)
    await rm(blobs, { recursive: true, force: true })
    return downloaded
  } finally {
    lock.release()
  }
}
