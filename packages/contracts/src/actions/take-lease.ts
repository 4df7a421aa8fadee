import type { JobId } from '@cairn/protocol'
import { encodeFunctionData, parseEventLogs } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { type CallResult, call } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

export interface LeaseTaken {
  /** Grows with every lease; every anchor names it. */
  readonly epoch: number
  readonly expiresAtSeconds: number
}

/**
 * Takes the coordinator's lease of a job that nobody holds or whose holder let it run out, and locks its bond.
 * Refused: `NetworkPaused`, `JobUnknown`, `JobNotOpen`, `LeaseHeld`, `NotNode`, `StakeTooLow`.
 */
export function takeLease(client: ChainClient, job: JobId): Promise<CallResult<LeaseTaken>> {
  const data = encodeFunctionData({ abi: anchorsAbi, functionName: 'takeLease', args: [toBytes32(job)] })
  return call(client, { to: client.addresses.anchors, data }, ({ logs }) => {
    const [taken] = parseEventLogs({ abi: anchorsAbi, eventName: 'LeaseTaken', logs })
    return { epoch: taken!.args.epoch, expiresAtSeconds: taken!.args.expiresAt }
  })
}
