/** Taking what a node has earned. */
import { listJobs } from '@cairn/contracts'
import { type Withdrawal, withdrawEarnings } from '@cairn/node'
import type { Account } from '@cairn/protocol'
import type { TokenUnit } from './amounts.ts'
import { onlyJob } from './job-id.ts'
import type { KeyOptions } from './key-place.ts'
import { unlockKey } from './open-chain.ts'
import { withClient } from './open-client.ts'

export interface Withdrawn {
  readonly account: Account
  readonly token: TokenUnit
  readonly withdrawals: readonly Withdrawal[]
}

/** Withdraws what the account of a key has earned with a job, or with all. */
export async function withdraw(prefix: string | undefined, options: KeyOptions): Promise<Withdrawn> {
  const key = await unlockKey(options)
  return withClient(
    options,
    async ({ client, token }) => {
      const only = prefix === undefined ? undefined : onlyJob(await listJobs(client.chain), prefix).job
      return { account: key.address, token, withdrawals: await withdrawEarnings(client, key.address, only) }
    },
    key,
  )
}
