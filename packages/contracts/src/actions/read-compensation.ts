import type { HashHex } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { slashingAbi } from '../abi/slashing.ts'
import { onChain } from '../chain/errors.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'

/** What becomes of a refuted claim's bond; all zero for a head that rewound nothing. */
export interface Compensation {
  /** Works of later rounds are compensated. */
  readonly round: number
  /** Until when void works are reported; from then on they are compensated. */
  readonly endsAtSeconds: number
  /** Not paid out yet. */
  readonly pot: bigint
  /** Price of the account's works that were reported and not compensated yet. */
  readonly reported: bigint
}

/** Reads the case of a refuted head, as far as it concerns an account. */
export async function readCompensation(client: ChainClient, wrong: HashHex, account: Account): Promise<Compensation> {
  const { reader, addresses } = client
  const slashing = { address: addresses.slashing, abi: slashingAbi } as const
  const head = toBytes32(wrong)
  return onChain(client, async () => {
    const [found, reported] = await Promise.all([
      reader.readContract({ ...slashing, functionName: 'caseOf', args: [head] }),
      reader.readContract({ ...slashing, functionName: 'reported', args: [head, account] }),
    ])
    const { round, endsAt, pot } = found
    return { round, endsAtSeconds: endsAt, pot, reported }
  })
}
