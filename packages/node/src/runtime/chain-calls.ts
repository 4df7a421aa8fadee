/** Performs what the coordinator role asks of the chain. A refusal is logged and the chain is read again: it knows best. */
import {
  anchorRound,
  assertEarnings,
  type CallResult,
  closeJob,
  earningsTree,
  endJob,
  releaseLease,
  settleEarnings,
  takeLease,
} from '@cairn/contracts'
import { encodeCanonical, encodeUtf8 } from '@cairn/primitives'
import {
  type Account,
  bytesId,
  type ChainCall,
  type CoordinatorState,
  type Counts,
  type EarningsLeaf,
  earnedCounts,
  encodeRoundDocument,
  type JobId,
  type JobRecord,
  type RoundDocument,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import type { Storage } from '../storage/open-storage.ts'
import type { JobView } from './chain-watch.ts'
import type { NodeParts } from './parts.ts'

interface Calling {
  readonly parts: NodeParts
  readonly state: CoordinatorState
  readonly job: JobRecord
  readonly view: JobView
}

/** Assembles what a round came to. */
export function roundDocumentOf({ facts, rounds }: JobRecord, round: number): RoundDocument | undefined {
  const record = rounds[round]
  if (record?.globalRoot === undefined) return undefined
  const units = record.units.flatMap(({ outcome }) => (outcome?.kind === 'trained' ? [outcome.commitment] : []))
  const evaluation = record.evaluation?.outcome
  return {
    format: 'cairn/round/v1',
    job: facts.job,
    round,
    units,
    globalRoot: record.globalRoot,
    ...(evaluation?.kind === 'evaluated' ? { evaluation: evaluation.evaluation } : {}),
  }
}

/** Leaves of a job's earnings over its anchored rounds. */
function earningsLeaves({ state, job }: Pick<Calling, 'state' | 'job'>, rounds: number): EarningsLeaf[] {
  return [...earnedCounts(state, job, rounds)].map(([account, counts]: [string, Counts]) => ({
    job: job.facts.job,
    account: account as Account,
    counts,
  }))
}

type Calls = {
  readonly [C in ChainCall['call']]: (
    calling: Calling,
    call: Extract<ChainCall, { call: C }>,
  ) => Promise<CallResult> | undefined
}

const underLease = ({ job: { facts }, view: { anchors } }: Calling) => ({
  job: facts.job,
  epoch: anchors.epoch,
  previousHead: anchors.head,
})

const CALLS: Calls = {
  takeLease: ({ parts, job }) => takeLease(parts.client, job.facts.job),
  anchor(calling, { round, globalRoot }) {
    const document = roundDocumentOf(calling.job, round)
    if (document === undefined || calling.view.anchors.rounds !== round) return undefined
    const documentId = bytesId(sha256, encodeRoundDocument(document))
    return anchorRound(calling.parts.client, { ...underLease(calling), round, globalRoot, documentId })
  },
  end(calling) {
    const reason = encodeCanonical(['cairn/end/v1', calling.job.ended?.outcome ?? '', calling.job.ended?.reason ?? ''])
    return endJob(calling.parts.client, { ...underLease(calling), documentId: bytesId(sha256, reason) })
  },
  assertEarnings(calling, { rounds, final }) {
    const { parts, job, view } = calling
    const leaves = earningsLeaves(calling, rounds)
    const tree = earningsTree(leaves)
    rememberLeaves(parts, job.facts.job, rounds, leaves)
    const { root, totals } = tree
    return assertEarnings(parts.client, {
      job: job.facts.job,
      epoch: view.anchors.epoch,
      rounds,
      root,
      totals,
      isFinal: final,
    })
  },
  settleEarnings: ({ parts, job }) => settleEarnings(parts.client, job.facts.job),
  releaseLease: ({ parts, job, view }) => releaseLease(parts.client, job.facts.job, view.anchors.epoch),
  close: ({ parts, job }) => closeJob(parts.client, job.facts.job),
}

/** A root can only be withdrawn against with its leaves; they are kept before it is asserted. */
function rememberLeaves({ storage }: NodeParts, job: JobId, rounds: number, leaves: readonly EarningsLeaf[]): void {
  storage.facts.set(earningsFact(job, rounds), leavesText(leaves))
}

const earningsFact = (job: JobId, rounds: number): string => `earnings/${job}/${String(rounds).padStart(8, '0')}`

const leavesText = (leaves: readonly EarningsLeaf[]): Uint8Array =>
  encodeUtf8(JSON.stringify(leaves.map(({ account, counts }) => [account, ...Object.values(counts).map(String)])))

/**
 * Finds the leaves that were asserted after so many rounds, as text. Without the note of them they are counted anew,
 * which gives the same for a job that was not cut short; whoever asks compares them with the root on the chain.
 */
export function assertedLeaves(
  { facts }: Pick<Storage, 'facts'>,
  state: CoordinatorState,
  job: JobId,
  rounds: number,
): Uint8Array | undefined {
  const noted = facts.get(earningsFact(job, rounds))
  const record = state.jobs.get(job)
  if (noted !== undefined || record === undefined) return noted
  return leavesText(earningsLeaves({ state, job: record }, rounds))
}

/** Makes one call. Returns what to tell people when it was refused. */
export async function makeCall(calling: Calling, call: ChainCall): Promise<string | undefined> {
  const result = await (CALLS[call.call] as (calling: Calling, call: ChainCall) => Promise<CallResult> | undefined)(
    calling,
    call,
  )
  if (result === undefined || result.ok) return undefined
  return `the chain refused ${call.call}: ${result.reason}`
}
