/** Parameters for networks on a local chain: short periods, so that nobody waits, and stakes that the faucet covers. */
import type { NetworkParameters } from '@cairn/protocol'
import { zeroAddress } from 'viem'

/** One token of six decimals. */
const TOKEN = 1_000_000n

export const localParameters: NetworkParameters = {
  minimumStake: 100n * TOKEN,
  leaseBond: 10n * TOKEN,
  earningsBond: 10n * TOKEN,
  challengeBond: TOKEN,
  challengerReward: TOKEN,
  unbondingSeconds: 60,
  challengeSeconds: 2,
  maximumDelaySeconds: 20,
  leaseSeconds: 60,
  cancelSeconds: 60,
  pauseSeconds: 10,
  pauseIntervalSeconds: 80,
  colludingShare: 200_000,
  guardian: zeroAddress,
}
