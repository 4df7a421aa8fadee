/** Parameters for networks on a local chain: short periods, so that nobody waits, and stakes that the faucet covers. */
import type { NetworkParameters } from '@cairn/protocol'
import { zeroAddress } from 'viem'

/** One token of six decimals. */
const TOKEN = 1_000_000n
const PAUSE_SECONDS = 10

export interface LocalPeriods {
  /** How long a round can be challenged, and earnings too; all other periods of disputes follow from it. */
  readonly challengeSeconds: number
}

/** Makes up parameters around a challenge window: a side of a dispute thinks six times as long, a cancellation waits for both. */
export function localParametersFor({ challengeSeconds }: LocalPeriods): NetworkParameters {
  const maximumDelaySeconds = Math.max(20, 6 * challengeSeconds)
  const cancelSeconds = 3 * maximumDelaySeconds
  return {
    minimumStake: 100n * TOKEN,
    leaseBond: 10n * TOKEN,
    earningsBond: 10n * TOKEN,
    challengeBond: TOKEN,
    challengerReward: TOKEN,
    unbondingSeconds: cancelSeconds,
    challengeSeconds,
    maximumDelaySeconds,
    leaseSeconds: 60,
    cancelSeconds,
    pauseSeconds: PAUSE_SECONDS,
    pauseIntervalSeconds: cancelSeconds + 2 * PAUSE_SECONDS,
    colludingShare: 200_000,
    beaconBlocks: 1,
    guardian: zeroAddress,
  }
}

export const localParameters: NetworkParameters = localParametersFor({ challengeSeconds: 20 })
