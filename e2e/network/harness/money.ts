/** Money in a test network: it is neither made nor lost, and everybody gets what the receipt says. */
import { readBalances, readJob } from '@cairn/contracts'
import { withdrawEarnings } from '@cairn/node'
import type { Account, JobId, Receipt } from '@cairn/protocol'
import { expect } from 'vitest'
import type { TestNetwork } from './test-network.ts'

/** What everybody has, by account in lower case: tokens in hand, and a node's stake. */
export interface Purses {
  readonly tokens: ReadonlyMap<string, bigint>
  readonly stakes: ReadonlyMap<string, bigint>
}

export async function readPurses({ client, holders }: TestNetwork): Promise<Purses> {
  const all = await Promise.all(
    holders.map(async account => [account.toLowerCase(), await readBalances(client.chain, account)] as const),
  )
  return {
    tokens: new Map(all.map(([account, { tokens }]) => [account, tokens])),
    stakes: new Map(all.map(([account, { stake }]) => [account, stake])),
  }
}

const sum = (amounts: Iterable<bigint>): bigint => [...amounts].reduce((total, amount) => total + amount, 0n)

/** What an account has more, stake included. */
const gain = (before: Purses, after: Purses, account: string): bigint => {
  const of = ({ tokens, stakes }: Purses) => (tokens.get(account) ?? 0n) + (stakes.get(account) ?? 0n)
  return of(after) - of(before)
}

/** Withdraws what everybody has earned with a job; returns the amounts by account in lower case. */
async function withdrawAll(network: TestNetwork, job: JobId): Promise<Map<string, bigint>> {
  const taken = new Map<string, bigint>()
  for (const account of network.holders)
    for (const { result } of await withdrawEarnings(network.client, account as Account, job)) {
      if (!result.ok) throw new Error(result.reason)
      taken.set(account.toLowerCase(), result.amount)
    }
  return taken
}

/**
 * Checks a closed job against what everybody had before its submission: withdrawn is what was earned, the submitter has
 * paid just that, the Escrow holds nothing of it, and the sum of all tokens is what it was.
 */
export async function checkMoney(network: TestNetwork, job: JobId, before: Purses): Promise<Map<string, bigint>> {
  const taken = await withdrawAll(network, job)
  const after = await readPurses(network)
  const paid = sum(taken.values())
  const onChain = await readJob(network.client.chain, job)
  expect(onChain).toMatchObject({ status: 'closed', owed: paid, paid })
  expect(gain(before, after, network.submitter.address.toLowerCase())).toBe(-paid)
  for (const [account, amount] of taken) expect(gain(before, after, account), account).toBe(amount)
  expect(sum(after.tokens.values())).toBe(sum(before.tokens.values()))
  return taken
}

/** What a receipt says that everybody is paid. */
export const paymentsOf = ({ payments }: Receipt): Map<string, bigint> =>
  new Map(payments.map(({ account, amount }) => [account.toLowerCase(), BigInt(amount)]))
