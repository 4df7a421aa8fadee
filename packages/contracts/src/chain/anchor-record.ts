/** A link of a job's chain as the contracts take it, and back. */
import type { Account, Anchor, JobId } from '@cairn/protocol'
import { fromBytes32, toBytes32 } from './hex.ts'

type Bytes = `0x${string}`

/** What viem writes and reads. */
export interface AnchorRecord {
  readonly job: Bytes
  readonly previousHead: Bytes
  readonly previousRoot: Bytes
  readonly previousClaims: Bytes
  readonly globalRoot: Bytes
  readonly documentId: Bytes
  readonly coordinator: Account
  readonly round: number
  readonly works: readonly {
    readonly worker: Account
    readonly index: number
    readonly claim: Bytes
    readonly signature: Bytes
    readonly outer: Bytes
    readonly custodians: readonly Account[]
  }[]
  readonly audits: readonly {
    readonly verifier: Account
    readonly round: number
    readonly index: number
    readonly segment: number
    readonly claim: Bytes
    readonly signature: Bytes
  }[]
}

export const toAnchorRecord = ({ coordinator, round, audits, ...anchor }: Anchor): AnchorRecord => ({
  job: toBytes32(anchor.job),
  previousHead: toBytes32(anchor.previousHead),
  previousRoot: toBytes32(anchor.previousRoot),
  previousClaims: toBytes32(anchor.previousClaims),
  globalRoot: toBytes32(anchor.globalRoot),
  documentId: toBytes32(anchor.documentId),
  coordinator,
  round,
  works: anchor.works.map(({ claim, ...work }) => ({ ...work, claim: toBytes32(claim) })),
  audits: audits.map(({ claim, ...audit }) => ({ ...audit, claim: toBytes32(claim) })),
})

export const fromAnchorRecord = ({ coordinator, round, audits, ...record }: AnchorRecord): Anchor => ({
  job: fromBytes32<JobId>(record.job),
  previousHead: fromBytes32(record.previousHead),
  previousRoot: fromBytes32(record.previousRoot),
  previousClaims: fromBytes32(record.previousClaims),
  globalRoot: fromBytes32(record.globalRoot),
  documentId: fromBytes32(record.documentId),
  coordinator,
  round,
  works: record.works.map(({ claim, ...work }) => ({ ...work, claim: fromBytes32(claim) })),
  audits: audits.map(({ claim, ...audit }) => ({ ...audit, claim: fromBytes32(claim) })),
})
