/** A job on the test network: submitted, watched, and checked to its last bit and token when it is over. */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { claimChecking } from '@cairn/contracts'
import {
  DEFAULT_RATES,
  type DownloadedJob,
  downloadJob,
  type JobStatus,
  submitJob,
  termsOf,
  type UnitSummary,
} from '@cairn/node'
import { sha256 } from '@cairn/primitives'
import {
  type Account,
  badAccountSignature,
  type JobId,
  type Receipt,
  type ReceiptNetwork,
  receiptTerms,
} from '@cairn/protocol'
import { decodeProgram, globalSlots, networkReceiptOf, stateFromParts, weightsFile } from '@cairn/training'
import { expect } from 'vitest'
import type { CairnNode } from './cairn-node.ts'
import { checkMoney, type Purses, paymentsOf, readPurses } from './money.ts'
import type { TestNetwork } from './test-network.ts'
import type { TinyJob } from './tiny-job.ts'
import { until } from './until.ts'

export interface RunningJob {
  readonly id: JobId
  readonly tiny: TinyJob
  /** What everybody had before the submission. */
  readonly before: Purses
}

/** Of the faults that tests make, one at a time is healed by one copy. */
const CUSTODIANS = 1
const PER_TERA_OPERATION = 1_000_000n

/** Submits the job from this process and returns when nodes hold its data; the connection is closed then. */
export async function submitTiny(network: TestNetwork, tiny: TinyJob): Promise<RunningJob> {
  const before = await readPurses(network)
  const submission = tiny.submission(network.network, network.submitter.address)
  const rates = { ...DEFAULT_RATES, perTeraOperation: PER_TERA_OPERATION }
  const terms = termsOf(submission, rates, CUSTODIANS)
  const client = await network.connect()
  const { job: id } = await submitJob(client, { submission, terms, onEvent: () => undefined }).finally(client.stop)
  return { id, tiny, before }
}

/** Waits until the job's status holds something. */
export function untilJob<T>(
  { client }: TestNetwork,
  { id }: Pick<RunningJob, 'id'>,
  what: string,
  find: (status: JobStatus) => T | undefined,
): Promise<T> {
  let last: JobStatus | undefined
  const read = async () => {
    last = await client.job(id)
    const found = find(last)
    if (found === undefined && last.status !== 'running' && last.isClosed)
      throw new Error(`the job ended before ${what}`)
    return found
  }
  return until(what, read, () => last)
}

/** A training unit under way, and who does it. */
export interface UnitUnderWay extends UnitSummary {
  readonly worker: CairnNode
}

/** Not beyond its half: what a test then does shall still meet it under way. */
const isUnderWay = ({ kind, state, done = 0 }: UnitSummary, innerSteps: number): boolean =>
  kind === 'train' && state === 'leased' && done > 0 && done <= innerSteps / 2

/** Waits until a worker is in the middle of a unit of a round, or a later one. */
export const untilMidUnit = (network: TestNetwork, job: RunningJob, fromRound = 0): Promise<UnitUnderWay> =>
  untilJob(network, job, `a unit under way in round ${fromRound}`, ({ units, innerSteps }) => {
    const unit = units.find(each => each.round >= fromRound && isUnderWay(each, innerSteps))
    const worker = network.workers.find(({ peerKey }) => peerKey === unit?.node)
    return unit && worker && { ...unit, worker }
  })

/** Assembles the receipt as a submitter would. */
function receiptOf(
  { client }: TestNetwork,
  { program, document, global, terms, rounds, payees, audits, disputes }: DownloadedJob,
): Receipt {
  const { model } = decodeProgram(program, document, sha256)
  const state = stateFromParts(globalSlots(model), global)
  if (state === undefined) throw new Error('the final state is none of the model')
  return networkReceiptOf(sha256, {
    document,
    terms: receiptTerms(terms),
    anchors: client.chain.addresses.anchors.toLowerCase(),
    rounds: rounds.map(({ document: round, anchor: { blockNumber, transaction } }) => ({
      document: round,
      anchor: { block: Number(blockNumber), transaction },
    })),
    payees,
    audits,
    disputes,
    weights: { file: 'model.safetensors', bytes: weightsFile(model, state) },
  })
}

/** Waits until the job's money is settled, and downloads what it left. */
export async function downloadClosed(network: TestNetwork, job: RunningJob): Promise<DownloadedJob> {
  await untilJob(network, job, 'the job to be closed', ({ isClosed }) => isClosed || undefined)
  return downloadJob(network.client, job.id, mkdtempSync(join(network.home, 'download-')), () => undefined)
}

/**
 * Waits for the end and checks it: the state that one process finds, every unit settled, every round anchored, and
 * everybody paid what the receipt says.
 */
export async function checkFinished(network: TestNetwork, job: RunningJob): Promise<Receipt> {
  const downloaded = await downloadClosed(network, job)
  const { replicas, roots } = job.tiny
  const rounds = roots.length
  expect(downloaded.status).toMatchObject({ status: 'finished', agreed: rounds, anchored: rounds })
  for (const unit of downloaded.status.units) expect(unit.state, `${unit.round}/${unit.replica}`).toBe('settled')
  const receipt = receiptOf(network, downloaded)
  const { chainId, anchors } = receipt.network as ReceiptNetwork
  expect(badAccountSignature(claimChecking({ chainId, anchors: anchors as Account }), receipt)).toBeUndefined()
  expect(receipt.finalStateRoot).toBe(roots.at(-1))
  expect(receipt.payments.reduce((n, { trained }) => n + trained, 0)).toBe(rounds * replicas)
  expect(await checkMoney(network, job.id, job.before)).toEqual(paymentsOf(receipt))
  return receipt
}
