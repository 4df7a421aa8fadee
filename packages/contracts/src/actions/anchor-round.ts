import type { HashHex } from '@cairn/primitives'
import type { Anchor, SettlementCalls, UnitClaim } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toClaimRecord } from '../chain/claim-record.ts'
import type { ChainClient } from '../chain-client.ts'
import { anchorHead } from '../identities.ts'

/** A link of a job's chain, and the lease under which it is added. The caller coordinates. */
export interface AnchorRequest extends Omit<Anchor, 'coordinator'> {
  readonly epoch: number
  /** What its works claim, in their order: the chain shows it to whoever wants to dispute it. */
  readonly claims: readonly UnitClaim[]
}

/**
 * Adds the next round to a job's chain, locks its works' bonds and renews the lease. Returns the new head.
 * Refused: `JobUnknown`, `JobNotOpen`, `NotLeaseHolder`, `WrongEpoch`, `JobEnded`, `HeadMoved`, `WrongRound`, `BadRecord`,
 * `AllRoundsAnchored`, `TooManyUnsettled`, `BadWorks`, `BadAudits`, `BadSignature`, `OuterUnsigned`, `OtherClaim`, `NotNode`,
 * `StakeTooLow`, `WorkLeftOut`.
 */
export function anchorRound(
  client: ChainClient,
  request: AnchorRequest,
): Promise<CallResult<{ readonly head: HashHex }>> {
  return addLink(client, 'anchor', request)
}

/**
 * Closes a job's chain: of a job that diverged in the round after its last anchor, or that was cancelled, with what was
 * done of that round; of one that has all its rounds, with the last attestations. `globalRoot` is `NO_HASH`.
 * Refused: as `anchorRound`, without `AllRoundsAnchored` and `TooManyUnsettled`.
 */
export function endJob(client: ChainClient, request: AnchorRequest): Promise<CallResult<{ readonly head: HashHex }>> {
  return addLink(client, 'end', request)
}

function addLink(client: ChainClient, functionName: 'anchor' | 'end', { epoch, claims, ...link }: AnchorRequest) {
  const anchor = { ...link, coordinator: client.account! }
  const data = linkData(functionName, { epoch, anchor, claims })
  const head = anchorHead(anchor)
  return call(client, { to: client.addresses.anchors, data }, () => ({ head }))
}

/** Encodes the call. */
export function linkData(
  functionName: 'anchor' | 'end',
  { epoch, anchor, claims }: SettlementCalls['anchor'],
): `0x${string}` {
  const args = [epoch, toAnchorRecord(anchor), claims.map(toClaimRecord)] as const
  return encodeFunctionData({ abi: anchorsAbi, functionName, args })
}
