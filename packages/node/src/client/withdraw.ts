/** Taking what was earned: one transaction per job, against the leaves behind its settled root. */
import { earningsTree, listJobs, readWithdrawn, withdraw } from '@cairn/contracts'
import { type Account, type JobId, priceOf } from '@cairn/protocol'
import type { NetworkClient } from './connect.ts'
import { settledLeaves } from './download.ts'

export interface Earned {
  readonly job: JobId
  /** In the token's smallest unit: earned in settled rounds, and what of it was taken before. */
  readonly earned: bigint
  readonly withdrawn: bigint
}

export interface Withdrawal extends Earned {
  readonly result:
    | { readonly ok: true; readonly amount: bigint; readonly transaction: string }
    | { readonly ok: false; readonly reason: string }
}

/** Lists what an account has earned with every job, or one. */
export async function listEarned(client: NetworkClient, account: Account, only?: JobId): Promise<Earned[]> {
  const earned: Earned[] = []
  for (const { job, terms } of await listJobs(client.chain)) {
    if (only !== undefined && job !== only) continue
    const leaf = (await settledLeaves(client, job)).find(l => l.account.toLowerCase() === account.toLowerCase())
    if (leaf === undefined) continue
    earned.push({
      job,
      earned: priceOf(terms, leaf.counts),
      withdrawn: await readWithdrawn(client.chain, job, account),
    })
  }
  return earned
}

/** Withdraws what an account has not taken yet. Refusals of the chain are values. */
export async function withdrawEarnings(client: NetworkClient, account: Account, only?: JobId): Promise<Withdrawal[]> {
  const done: Withdrawal[] = []
  for (const entry of await listEarned(client, account, only)) {
    if (entry.earned <= entry.withdrawn) continue
    const tree = earningsTree(await settledLeaves(client, entry.job))
    const leaf = tree.leaves.find(l => l.account.toLowerCase() === account.toLowerCase())
    if (leaf === undefined) continue
    const sent = await withdraw(client.chain, leaf, tree.proofOf(leaf.account))
    const { ok } = sent
    const result = ok ? { ok, amount: sent.amount, transaction: sent.transaction } : { ok, reason: sent.reason }
    done.push({ ...entry, result })
  }
  return done
}
