import type { HashHex } from '@cairn/primitives'
import type { Account, Anchor } from '@cairn/protocol'
import { encodeFunctionData, parseEventLogs } from 'viem'
import { slashingAbi } from '../abi/slashing.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Says that a work became void through another's wrong, so that it shares in the compensation. Anybody may.
 * Refused: `CaseUnknown`, `ChallengeWindowOver`, `BadRecord`, `NotCompensated`.
 */
export function reportVoid(client: ChainClient, anchor: Anchor, position: number): Promise<CallResult> {
  const args = [toAnchorRecord(anchor), position] as const
  const data = encodeFunctionData({ abi: slashingAbi, functionName: 'report', args })
  return call(client, { to: client.addresses.slashing, data })
}

/**
 * Pays an account its share of the compensation in the case of a refuted head: zero when repeated. Anybody may.
 * Refused: `CaseUnknown`, `ChallengeWindowOpen`.
 */
export function compensate(
  client: ChainClient,
  wrong: HashHex,
  account: Account,
): Promise<CallResult<{ readonly amount: bigint }>> {
  const args = [toBytes32(wrong), account] as const
  const data = encodeFunctionData({ abi: slashingAbi, functionName: 'compensate', args })
  return call(client, { to: client.addresses.slashing, data }, ({ logs }) => {
    const [paid] = parseEventLogs({ abi: slashingAbi, eventName: 'Compensated', logs })
    return { amount: paid!.args.amount }
  })
}
