import type { HashHex } from '@cairn/primitives'
import type { ProvableJob } from '@cairn/protocol'
import { encodeAbiParameters, encodeFunctionData, keccak256, parseEventLogs } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { type CallResult, call } from '../chain/call.ts'
import { fromBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { chargeForm, type GameCharge, JOB, jobForm } from './charge-form.ts'

/** Computes what a job's terms hold of what contracts have to know to judge it: `provable`. */
export const provableHash = (job: ProvableJob): HashHex =>
  fromBytes32(keccak256(encodeAbiParameters([JOB], [jobForm(job)])))

/**
 * Opens a game, with a bond. A claim that began from another state than it should is refuted at once. Returns its number.
 * Refused: `NotDisputable`, `ChallengeWindowOver`, `NoClaim`, `ClaimLost`, `AlreadyChallenged`, `NotNode`, `StakeTooLow`,
 * `OtherClaim`, `BadContents`, `BadPart`.
 */
export function openGame(client: ChainClient, charge: GameCharge): Promise<CallResult<{ readonly game: number }>> {
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'open', args: chargeForm(charge) })
  return call(client, { to: client.addresses.disputes, data }, ({ logs }) => {
    const [opened] = parseEventLogs({ abi: disputeGamesAbi, eventName: 'GameOpened', logs })
    return { game: Number(opened?.args.game) }
  })
}
