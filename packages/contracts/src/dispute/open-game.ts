import type { HashHex } from '@cairn/primitives'
import type { Anchor, Opening, ProvableJob, UnitClaim } from '@cairn/protocol'
import { encodeAbiParameters, encodeFunctionData, getAbiItem, keccak256, parseEventLogs } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { gameRulesAbi } from '../abi/game-rules.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import { type CallResult, call } from '../chain/call.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { openingForm } from './move-form.ts'

const [JOB, , CONTENTS] = getAbiItem({ abi: gameRulesAbi, name: 'ofTraining' }).inputs
const [, CLAIMS] = getAbiItem({ abi: gameRulesAbi, name: 'ofOuterStep' }).inputs
const PART = { name: 'part', type: 'uint32' } as const
const CHARGE = {
  type: 'tuple',
  components: [PART, JOB, CLAIMS, { ...CLAIMS, name: 'claimsBefore' }, CONTENTS],
} as const

const jobForm = (job: ProvableJob) => ({
  ...job,
  programRoot: toBytes32(job.programRoot),
  dataRoot: toBytes32(job.dataRoot),
  initialRoot: toBytes32(job.initialRoot),
  freshReplicaRoot: toBytes32(job.freshReplicaRoot),
})

const claimForm = (claim: UnitClaim) => ({
  globalRoot: toBytes32(claim.globalRoot),
  replicaRoot: toBytes32(claim.replicaRoot),
  updateRoot: toBytes32(claim.updateRoot),
  newReplicaRoot: toBytes32(claim.newReplicaRoot),
  checkpointRoots: claim.checkpointRoots.map(toBytes32),
  lossBits: claim.lossBits,
  stepsRoot: toBytes32(claim.stepsRoot),
  saltHash: toBytes32(claim.saltHash),
})

/** Computes what a job's terms hold of what contracts have to know to judge it: `provable`. */
export const provableHash = (job: ProvableJob): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters([JOB], [jobForm(job)])))

/** What a challenger says is wrong. */
export interface GameCharge {
  readonly anchor: Anchor
  /** Among the anchor's works. */
  readonly position: number
  /** Whether the outer step is meant that the work's account signed, instead of its unit. */
  readonly isOuter: boolean
  /** Of a training unit: the steps up to this checkpoint, from 0, or what it leaves behind. */
  readonly part: number
  readonly job: ProvableJob
  /** The work's; for an outer step those of all replicas, in their order. */
  readonly claims: readonly UnitClaim[]
  /** Those of all replicas in the round before, for a unit that did not begin where its replica was left; else none. */
  readonly claimsBefore: readonly UnitClaim[]
  /** The program's first leaf. */
  readonly contents: Opening
}

/**
 * Opens a game, with a bond. A claim that began from another state than it should is refuted at once. Returns its number.
 * Refused: `NotDisputable`, `ChallengeWindowOver`, `NoClaim`, `ClaimLost`, `AlreadyChallenged`, `NotNode`, `StakeTooLow`,
 * `OtherClaim`, `BadContents`, `BadPart`.
 */
export function openGame(client: ChainClient, charge: GameCharge): Promise<CallResult<{ readonly game: number }>> {
  const { anchor, position, isOuter, part, job, claims, claimsBefore, contents } = charge
  const form = {
    ...{ part, job: jobForm(job), contents: openingForm(contents) },
    ...{ claims: claims.map(claimForm), claimsBefore: claimsBefore.map(claimForm) },
  }
  const opening = encodeAbiParameters([CHARGE], [form])
  const args = [toAnchorRecord(anchor), position, isOuter, opening] as const
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'open', args })
  return call(client, { to: client.addresses.disputes, data }, ({ logs }) => {
    const [opened] = parseEventLogs({ abi: disputeGamesAbi, eventName: 'GameOpened', logs })
    return { game: Number(opened?.args.game) }
  })
}
