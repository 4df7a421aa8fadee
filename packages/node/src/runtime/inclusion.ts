/**
 * A worker's part of forced inclusion: it takes only leases that it can show the chain, and shows them when its unit is left
 * out. When that is, the role decides. SPEC: docs/spec/anchors.md "Inclusion"; docs/spec/network.md "Inclusion".
 */
import { claimHash, includeUnit } from '@cairn/contracts'
import {
  type Account,
  bytesBlob,
  type ClaimChecking,
  encodeIncludedUnit,
  type JobId,
  leaseMessage,
  type MessageBodies,
  POLICIES,
  trainedClaim,
  type WorkerEffect,
  type WorkerEvent,
} from '@cairn/protocol'
import { accountOf } from './account-signing.ts'
import type { JobView } from './chain-watch.ts'
import type { WorkerParts } from './parts.ts'
import { roundReason } from './retention.ts'

type LeaseBody = MessageBodies['lease']
type SignedLease = NonNullable<LeaseBody['signed']>

/** Tells whether the chain takes units of a job one by one. */
export const isIncludable = ({ unitBond, terms }: JobView): boolean =>
  unitBond > 0n && POLICIES[terms.policy] !== 'redundancy'

/** A lease as the contract reads it. */
function unitLease({ job, round, replica }: LeaseBody['unit'], { signature, custodians, ...signed }: SignedLease) {
  const accounts = custodians as readonly Account[]
  return { job, round, index: replica, ...signed, custodians: accounts, signature: `0x${signature}` as const }
}

/** Says why a lease could not be shown to the chain, if so: its coordinator could leave the unit out. */
export function unsignedLease(
  { chain, key }: Pick<WorkerParts, 'chain' | 'key'>,
  { isSigned }: Pick<ClaimChecking, 'isSigned'>,
  job: JobId,
  { unit, signed, deadlineMs, custodiansNeeded }: LeaseBody,
): string | undefined {
  const view = chain.job(job)
  if (view === undefined || unit.kind === 'evaluate' || !isIncludable(view)) return undefined
  const { holder } = view.anchors
  if (signed === undefined) return 'the lease is not signed: its unit could be left out'
  if (signed.until * 1000 < deadlineMs) return 'what is signed of the lease ends before it'
  if (signed.custodians.length > Math.min(custodiansNeeded, view.terms.custodians))
    return 'more custodians are named in the lease than have to sign'
  const message = leaseMessage(unitLease(unit, signed), accountOf({ key }) as Account)
  const isGood = holder !== undefined && isSigned(holder, message, `0x${signed.signature}`)
  return isGood ? undefined : 'the lease is not signed by who holds the job'
}

/** Puts a unit on the chain, and keeps the record of it where the coordinator can fetch it. */
export async function includeLeftOut(
  { client, blobs, storage }: Pick<WorkerParts, 'client' | 'blobs' | 'storage'>,
  { job, unit, signed, commitment, kept }: Extract<WorkerEffect, { effect: 'include' }>,
): Promise<WorkerEvent> {
  const document = await blobs.write(bytesBlob(encodeIncludedUnit(commitment)))
  storage.pins.pin(document, roundReason(job, unit.round), Date.now())
  const result = await includeUnit(client, {
    lease: unitLease(unit, signed),
    claim: claimHash(trainedClaim(commitment.commitment)),
    signature: `0x${commitment.claimSignature}`,
    kept: kept.map(signature => `0x${signature}` as const),
    document,
  })
  return { event: 'included', job, unit, ...(result.ok ? {} : { refused: result.reason }) }
}
