import type { Anchor } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/**
 * Makes the next link of a job's chain final once its challenge window has passed, and frees its works' bonds. Anybody may.
 * Refused: `BadRecord`, `WrongRound`, `ChallengeWindowOpen`, `DisputeOpen`.
 */
export function finaliseRound(client: ChainClient, anchor: Anchor): Promise<CallResult> {
  const data = encodeFunctionData({ abi: anchorsAbi, functionName: 'finalise', args: [toAnchorRecord(anchor)] })
  return call(client, { to: client.addresses.anchors, data })
}
