import type { JobId, Leaf } from '@cairn/protocol'
import { encodeFunctionData, parseEventLogs } from 'viem'
import { earningsAbi } from '../abi/earnings.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface EarningsAssertion {
  readonly job: JobId
  readonly epoch: number
  /** Final rounds that it covers. */
  readonly rounds: number
  /** Of the job's `earningsTree`, in its order. */
  readonly leaves: readonly Leaf[]
  /** Nothing more will be owed. */
  readonly isFinal: boolean
}

/**
 * Claims, with a bond, what a job owes by now. Only its lease holder may.
 * Refused: `NetworkPaused`, `JobUnknown`, `JobNotOpen`, `OnlyFinal`, `CancelWindowOver`, `NotLeaseHolder`, `WrongEpoch`,
 * `AssertionPending`, `LeavesUnordered`, `EmptyLeaf`, `RoundsNotFinal`, `RoundsDecrease`, `NotFinished`, `TotalsDecrease`, `TotalsExceedRounds`,
 * `NotNode`, `StakeTooLow`.
 */
export function assertEarnings(
  client: ChainClient,
  assertion: EarningsAssertion,
): Promise<CallResult<{ readonly settlesAtSeconds: number }>> {
  const { job, epoch, rounds, leaves, isFinal } = assertion
  const args = [toBytes32(job), epoch, rounds, leaves, isFinal] as const
  const data = encodeFunctionData({ abi: earningsAbi, functionName: 'assertEarnings', args })
  return call(client, { to: client.addresses.earnings, data }, ({ logs }) => {
    const [asserted] = parseEventLogs({ abi: earningsAbi, eventName: 'Asserted', logs })
    return { settlesAtSeconds: asserted!.args.settlesAt }
  })
}
