import type { SettlementCalls } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** A unit that the client's account did, its lease, and the signatures under both. */
export type Inclusion = SettlementCalls['include']

/**
 * Demands that a leased unit be in the next round of its job: until two leases later nobody anchors the round without it.
 * Refused: `JobUnknown`, `JobNotOpen`, `NotDisputable`, `WrongEpoch`, `JobEnded`, `AllRoundsAnchored`, `WrongRound`, `LeaseOver`,
 * `BadWorks`, `BadSignature`, `ClaimLost`, `StakeTooLow`, `AlreadyIncluded`.
 */
export function includeUnit(client: ChainClient, inclusion: Inclusion): Promise<CallResult> {
  return call(client, { to: client.addresses.anchors, data: includeData(inclusion) })
}

/** Encodes the call. */
export const includeData = ({ lease, claim, signature, kept, document }: Inclusion): `0x${string}` =>
  encodeFunctionData({
    abi: anchorsAbi,
    functionName: 'include',
    args: [{ ...lease, job: toBytes32(lease.job) }, toBytes32(claim), signature, kept, toBytes32(document)],
  })
