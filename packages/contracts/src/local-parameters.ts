/** Parameters for networks on a local chain: short periods, so that nobody waits, and stakes that the faucet covers. */
import type { NetworkParameters } from '@cairn/protocol'
import { zeroAddress } from 'viem'

/** One token of six decimals. */
const TOKEN = 1_000_000n

export const localParameters: NetworkParameters = {
  minimumStake: 100n * TOKEN,
  leaseBond: 10n * TOKEN,
  earningsBond: 10n * TOKEN,
  unbondingSeconds: 60,
  challengeSeconds: 2,
  leaseSeconds: 60,
  cancelSeconds: 30,
  pauseSeconds: 10,
  pauseIntervalSeconds: 60,
  guardian: zeroAddress,
}
