/** Taking what a node has earned. */
import { listJobs } from '@cairn/contracts'
import { type Withdrawal, withdrawEarnings } from '@cairn/node'
import type { Account } from '@cairn/protocol'
import type { TokenUnit } from './amounts.ts'
import { onlyJob } from './job-id.ts'
import type { KeyOptions } from './key-place.ts'
import { withPayingClient } from './open-client.ts'

export interface Withdrawn {
  readonly account: Account
  readonly token: TokenUnit
  readonly withdrawals: readonly Withdrawal[]
}

/** Withdraws what the account of a key has earned with a job, or with all. */
export const withdraw = (prefix: string | undefined, options: KeyOptions): Promise<Withdrawn> =>
  withPayingClient(options, async ({ client, token, account }) => {
    const only = prefix === undefined ? undefined : onlyJob(await listJobs(client.chain), prefix).job
    return { account, token, withdrawals: await withdrawEarnings(client, account, only) }
  })
