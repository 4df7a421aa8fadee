/**
 * What a challenger says when it opens a game, between its form in `protocol` and the one that contracts read, there and
 * back. SPEC: docs/spec/disputes.md "On the chain"; twin of `Charge` in solidity/dispute/Charges.sol.
 */
import type { Anchor, Opening, ProvableJob, UnitClaim } from '@cairn/protocol'
import { type AbiParameterToPrimitiveType, decodeAbiParameters, encodeAbiParameters, getAbiItem } from 'viem'
import { gameRulesAbi } from '../abi/game-rules.ts'
import { type AnchorRecord, fromAnchorRecord, toAnchorRecord } from '../chain/anchor-record.ts'
import { fromClaimRecord, toClaimRecord } from '../chain/claim-record.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import { openingForm, openingOf } from './move-form.ts'

/** What a challenger says is wrong. */
export interface GameCharge {
  readonly anchor: Anchor
  /** In the link: its works come first, then its attestations. */
  readonly position: number
  /** Whether the outer step is meant that the work's account signed, instead of its unit. */
  readonly isOuter: boolean
  /** Of a training unit: the steps up to this checkpoint, from 0, or what it leaves behind. */
  readonly part: number
  readonly job: ProvableJob
  /** The unit's; for an outer step those of all replicas, in their order. */
  readonly claims: readonly UnitClaim[]
  /** Those of all replicas in the round before, for a unit that did not begin where its replica was left; else none. */
  readonly claimsBefore: readonly UnitClaim[]
  /** The program's first leaf. */
  readonly contents: Opening
}

const CHARGE = getAbiItem({ abi: gameRulesAbi, name: 'subjectOf' }).inputs[3]
/** Type of a job's facts. */
export const JOB = CHARGE.components[1]

export const jobForm = (job: ProvableJob) => ({
  ...job,
  programRoot: toBytes32(job.programRoot),
  dataRoot: toBytes32(job.dataRoot),
  initialRoot: toBytes32(job.initialRoot),
  freshReplicaRoot: toBytes32(job.freshReplicaRoot),
})

/** The arguments of `open`. */
export function chargeForm(charge: GameCharge) {
  const { anchor, position, isOuter, part, job, claims, claimsBefore, contents } = charge
  const form = {
    ...{ part, job: jobForm(job), contents: openingForm(contents) },
    ...{ claims: claims.map(toClaimRecord), claimsBefore: claimsBefore.map(toClaimRecord) },
  }
  return [toAnchorRecord(anchor), position, isOuter, encodeAbiParameters([CHARGE], [form])] as const
}

type ChargeForm = AbiParameterToPrimitiveType<typeof CHARGE>

const jobOf = (job: ChargeForm['job']): ProvableJob => ({
  ...job,
  programRoot: fromBytes32(job.programRoot),
  dataRoot: fromBytes32(job.dataRoot),
  initialRoot: fromBytes32(job.initialRoot),
  freshReplicaRoot: fromBytes32(job.freshReplicaRoot),
})

/** Reads the arguments of an `open` that a contract took: the inverse of `chargeForm`. */
export function chargeOf([anchor, position, isOuter, opening]: readonly [
  AnchorRecord,
  number,
  boolean,
  `0x${string}`,
]): GameCharge {
  const [{ part, job, claims, claimsBefore, contents }] = decodeAbiParameters([CHARGE], opening)
  return {
    ...{ anchor: fromAnchorRecord(anchor), position, isOuter, part, job: jobOf(job) },
    ...{
      claims: claims.map(fromClaimRecord),
      claimsBefore: claimsBefore.map(fromClaimRecord),
      contents: openingOf(contents),
    },
  }
}
