/** A job as the Escrow has it, in Cairn's words. */
import { type Account, JOB_STATUSES, type JobId, type JobStatus, type Terms } from '@cairn/protocol'
import { fromBytes32 } from './hex.ts'

export interface JobOnChain {
  readonly job: JobId
  readonly submitter: Account
  readonly status: JobStatus
  readonly terms: Terms
  /** Until when final earnings may be asserted; 0 unless the job was cancelled. */
  readonly cancelEndsAtSeconds: number
  /** What settled assertions say the job owes in all. */
  readonly owed: bigint
  /** Part of it that was withdrawn. */
  readonly paid: bigint
  /** Locked from a worker's stake for each of its units until their round is final. */
  readonly unitBond: bigint
}

/** What viem reads from the contract. */
interface JobRecord {
  readonly terms: Omit<Terms, 'document' | 'provable'> & {
    readonly document: `0x${string}`
    readonly provable: `0x${string}`
  }
  readonly submitter: Account
  readonly status: number
  readonly cancelEndsAt: number
  readonly owed: bigint
  readonly paid: bigint
  readonly unitBond: bigint
}

export const toJobOnChain = (job: JobId, { terms, status, cancelEndsAt, ...record }: JobRecord): JobOnChain => ({
  job,
  ...record,
  status: JOB_STATUSES[status]!,
  terms: { ...terms, document: fromBytes32(terms.document), provable: fromBytes32(terms.provable) },
  cancelEndsAtSeconds: cancelEndsAt,
})
