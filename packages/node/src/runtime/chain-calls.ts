/** Performs what the coordinator role asks of the chain. A refusal is logged and the chain is read again: it knows best. */
import {
  anchorRound,
  assertEarnings,
  type CallResult,
  closeJob,
  earningsTree,
  endJob,
  finaliseRound,
  listAnchors,
  releaseLease,
  settleEarnings,
  takeLease,
} from '@cairn/contracts'
import {
  bytesId,
  type ChainCall,
  type CoordinatorState,
  closingDocumentOf,
  closingRecord,
  encodeClosingDocument,
  encodeRoundDocument,
  type JobRecord,
  NO_HASH,
  roundDocumentOf,
  shownClaims,
  worksIn,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import type { JobView } from './chain-watch.ts'
import type { EarnedCounter } from './earned-counter.ts'
import type { NodeParts } from './parts.ts'

interface Calling {
  readonly parts: NodeParts
  readonly state: CoordinatorState
  readonly job: JobRecord
  readonly view: JobView
  readonly earned: EarnedCounter
}

type Calls = {
  readonly [C in ChainCall['call']]: (
    calling: Calling,
    call: Extract<ChainCall, { call: C }>,
  ) => Promise<CallResult | undefined> | undefined
}

/** The place of a job's next link. */
const nextLink = ({ job: { facts }, view: { anchors } }: Calling) => ({
  job: facts.job,
  epoch: anchors.epoch,
  previousHead: anchors.head,
  previousRoot: anchors.root,
  previousClaims: anchors.claims,
  round: anchors.rounds,
})

const CALLS: Calls = {
  takeLease: ({ parts, job }) => takeLease(parts.client, job.facts.job),
  anchor(calling, { round, globalRoot, audits }) {
    const [document, record] = [roundDocumentOf(calling.job, round), calling.job.rounds[round]]
    if (document === undefined || record === undefined || calling.view.anchors.rounds !== round) return undefined
    const documentId = bytesId(sha256, encodeRoundDocument(document))
    const works = worksIn(record)
    const claims = shownClaims(record)
    return anchorRound(calling.parts.client, { ...nextLink(calling), globalRoot, documentId, works, claims, audits })
  },
  end(calling, { outcome, audits }) {
    const link = nextLink(calling)
    const record = calling.job.rounds[link.round]
    const document = closingDocumentOf(calling.job, link.round, outcome)
    // A job that has all its rounds did nothing after them; there are attestations to be paid.
    const closing = record && closingRecord(record)
    const documentId = bytesId(sha256, encodeClosingDocument(document))
    const about = { globalRoot: closing?.globalRoot ?? NO_HASH, documentId }
    const done = closing ? { works: worksIn(closing), claims: shownClaims(closing) } : { works: [], claims: [] }
    return endJob(calling.parts.client, { ...link, ...about, ...done, audits })
  },
  async finalise({ parts: { client }, job }, { round, links }) {
    const anchors = (await listAnchors(client, job.facts.job, round)).slice(0, links)
    const results = await Promise.all(anchors.map(anchor => finaliseRound(client, anchor)))
    return results.find(({ ok }) => !ok)
  },
  async assertEarnings({ parts, job, view, earned }, { rounds, final: isFinal }) {
    const id = job.facts.job
    const links = isFinal && view.anchors.isEnded ? rounds + 1 : rounds
    const counts = await earned(id, { rounds, links, replicas: job.facts.replicas })
    const { leaves } = earningsTree([...counts].map(([account, each]) => ({ job: id, account, counts: each })))
    return assertEarnings(parts.client, { job: id, epoch: view.anchors.epoch, rounds, leaves, isFinal })
  },
  settleEarnings: ({ parts, job }) => settleEarnings(parts.client, job.facts.job),
  releaseLease: ({ parts, job, view }) => releaseLease(parts.client, job.facts.job, view.anchors.epoch),
  close: ({ parts, job }) => closeJob(parts.client, job.facts.job),
}

export interface CallRefusal {
  /** For people. */
  readonly reason: string
  /** What a link holds is refused: at another time it would be, too. */
  readonly isWrong: boolean
  /** Account of a worker or verifier whose bond could not be locked. */
  readonly unbonded?: string
}

/** Refusals that name an account of the link. */
const UNBONDED = ['NotNode', 'StakeTooLow']

/** Refusals of what a link holds. */
const WRONG = ['BadWorks', 'BadAudits', 'BadSignature', 'ClaimLost', 'OuterUnsigned', 'OtherClaim']

/** Makes one call. Returns why it was refused. */
export async function makeCall(calling: Calling, call: ChainCall): Promise<CallRefusal | undefined> {
  const make = CALLS[call.call] as (calling: Calling, call: ChainCall) => Promise<CallResult | undefined> | undefined
  const result = await make(calling, call)
  if (result === undefined || result.ok) return undefined
  const reason = `the chain refused ${call.call}: ${result.reason}`
  const account = UNBONDED.includes(result.code) ? /0x[0-9a-f]{40}/.exec(result.reason.toLowerCase())?.[0] : undefined
  return { reason, isWrong: WRONG.includes(result.code), ...(account === undefined ? {} : { unbonded: account }) }
}
