import type { Anchor } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Frees the bond of a work whose round a rewind made void, once nobody can challenge it any more. `position` is the work's
 * among the anchor's works. Anybody may. Refused: `NotVoid`, `BadRecord`, `ChallengeWindowOpen`, `DisputeOpen`, `BondGone`.
 */
export function releaseBond(client: ChainClient, anchor: Anchor, position: number): Promise<CallResult> {
  const args = [toAnchorRecord(anchor), position] as const
  const data = encodeFunctionData({ abi: anchorsAbi, functionName: 'release', args })
  return call(client, { to: client.addresses.anchors, data })
}
