/** What a worker claims of a unit as the contracts take it, and back. */
import type { UnitClaim } from '@cairn/protocol'
import { fromBytes32, toBytes32 } from './hex.ts'

type Bytes = `0x${string}`
type Root = Exclude<keyof UnitClaim, 'checkpointRoots' | 'lossBits'>

/** What viem writes and reads. */
export type ClaimRecord = Readonly<Record<Root, Bytes>> & {
  readonly checkpointRoots: readonly Bytes[]
  readonly lossBits: number
}

export const toClaimRecord = (claim: UnitClaim): ClaimRecord => ({
  globalRoot: toBytes32(claim.globalRoot),
  replicaRoot: toBytes32(claim.replicaRoot),
  updateRoot: toBytes32(claim.updateRoot),
  newReplicaRoot: toBytes32(claim.newReplicaRoot),
  checkpointRoots: claim.checkpointRoots.map(toBytes32),
  lossBits: claim.lossBits,
  stepsRoot: toBytes32(claim.stepsRoot),
  saltHash: toBytes32(claim.saltHash),
})

export const fromClaimRecord = (record: ClaimRecord): UnitClaim => ({
  globalRoot: fromBytes32(record.globalRoot),
  replicaRoot: fromBytes32(record.replicaRoot),
  updateRoot: fromBytes32(record.updateRoot),
  newReplicaRoot: fromBytes32(record.newReplicaRoot),
  checkpointRoots: record.checkpointRoots.map(root => fromBytes32(root)),
  lossBits: record.lossBits,
  stepsRoot: fromBytes32(record.stepsRoot),
  saltHash: fromBytes32(record.saltHash),
})
