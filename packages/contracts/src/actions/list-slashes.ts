import type { JobId } from '@cairn/protocol'
import { slashingAbi } from '../abi/slashing.ts'
import { onChain } from '../chain/errors.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import type { GameSlash } from '../dispute/read-game-money.ts'

/** A bond that was lost over a job: in a dispute about its work, or about what was asserted of its earnings. */
export interface SlashOnChain extends GameSlash {
  /** Whether `rest` waits for victims; else the submitter has it. */
  readonly isForVictims: boolean
}

/** Lists the bonds that were lost over a job, the oldest first. */
export async function listSlashes(client: ChainClient, job: JobId): Promise<SlashOnChain[]> {
  const { reader, addresses } = client
  const contract = { address: addresses.slashing, abi: slashingAbi, fromBlock: 0n, strict: true } as const
  const ofJob = { ...contract, args: { job: toBytes32(job) } } as const
  const [spent, cases] = await onChain(client, () =>
    Promise.all([
      reader.getContractEvents({ ...ofJob, eventName: 'Spent' }),
      reader.getContractEvents({ ...ofJob, eventName: 'CaseOpened' }),
    ]),
  )
  // What is spent is put into a case in the same transaction, or paid at once.
  const inCases = new Set(cases.map(({ transactionHash }) => transactionHash))
  return spent.map(({ args: { loser, winner, reward, burned, rest }, transactionHash }) => {
    const isForVictims = inCases.has(transactionHash)
    return { loser, winner, amount: reward + burned + rest, reward, burned, rest, isForVictims }
  })
}
