import type { HashHex } from '@cairn/primitives'
import type { Anchor, JobId } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { anchorHead } from '../identities.ts'

export interface AnchorRequest extends Anchor {
  readonly job: JobId
  readonly epoch: number
  /** The head that the chain must still have; `NO_HASH` before the first anchor. */
  readonly previousHead: HashHex
}

/**
 * Adds the next round to a job's chain and renews the lease. Returns the new head.
 * Refused: `JobUnknown`, `JobNotOpen`, `NotLeaseHolder`, `WrongEpoch`, `JobEnded`, `AllRoundsAnchored`, `HeadMoved`,
 * `WrongRound`.
 */
export function anchorRound(
  client: ChainClient,
  request: AnchorRequest,
): Promise<CallResult<{ readonly head: HashHex }>> {
  const { job, epoch, previousHead, round, globalRoot, documentId } = request
  const args = [
    toBytes32(job),
    epoch,
    toBytes32(previousHead),
    round,
    toBytes32(globalRoot),
    toBytes32(documentId),
  ] as const
  const data = encodeFunctionData({ abi: anchorsAbi, functionName: 'anchor', args })
  const head = anchorHead(previousHead, request)
  return call(client, { to: client.addresses.anchors, data }, () => ({ head }))
}
