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
import { encodeCanonical, encodeUtf8, type HashHex } from '@cairn/primitives'
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
  roundDocumentOf,
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
    const { root, totals } = tree
    rememberLeaves(parts, job.facts.job, root, leaves)
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

/** A root can only be withdrawn against with its leaves; they are kept before it is asserted, and then for good. */
function rememberLeaves({ storage }: NodeParts, job: JobId, root: HashHex, leaves: readonly EarningsLeaf[]): void {
  storage.facts.set(earningsFact(job, root), leavesText(leaves))
}

/** By root: a last assertion may cover as many rounds as the settled one before it. */
const earningsFact = (job: JobId, root: string): string => `earnings/${job}/${root}`

const leavesText = (leaves: readonly EarningsLeaf[]): Uint8Array =>
  encodeUtf8(JSON.stringify(leaves.map(({ account, counts }) => [account, ...Object.values(counts).map(String)])))

/** Finds the leaves behind a root, as text. Without the note of them they are counted anew, which mostly gives the same. */
export function assertedLeaves(
  { facts }: Pick<Storage, 'facts'>,
  state: CoordinatorState,
  job: JobId,
  root: string,
): Uint8Array | undefined {
  const noted = facts.get(earningsFact(job, root))
  const record = state.jobs.get(job)
  if (noted !== undefined || record === undefined) return noted
  const leaves = countedAnew(state, record).find(counted => earningsTree(counted).root === root)
  return leaves && leavesText(leaves)
}

/** What a coordinator may have asserted that has left its notes to nobody: of all it knows, or of the rounds settled. */
function countedAnew(state: CoordinatorState, job: JobRecord): EarningsLeaf[][] {
  const { anchored, earnings } = job.chain
  const settled = { ...job, rounds: job.rounds.slice(0, earnings.settledRounds) }
  return [earningsLeaves({ state, job }, anchored), earningsLeaves({ state, job: settled }, earnings.settledRounds)]
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
