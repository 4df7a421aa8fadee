/** Where a job's money stands, in the order of the enum in packages/contracts/solidity/Escrow.sol. */
export const JOB_STATUSES = ['none', 'open', 'cancelled', 'final', 'closed'] as const

/**
 * `cancelled`: no more anchors, final earnings may still be asserted for a while. `final`: nothing more will be owed.
 * `closed`: the rest was refunded; what is owed can still be withdrawn.
 */
export type JobStatus = (typeof JOB_STATUSES)[number]
