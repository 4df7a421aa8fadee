/** The end of the money's way: nodes withdraw, and every balance on the chain is compared with the receipt. */
import { type LocalNetwork, openContracts, withdraw } from '@cairn/cli'
import { listSlashes, readBalances, readJob } from '@cairn/contracts'
import type { Account, JobId, Receipt } from '@cairn/protocol'
import { type BalanceSheet, balanceSheet, type Difference, findDifferences, type Holdings } from './balance-sheet.ts'

/** Reads what every account of the network has, in hand and at stake, and what the Escrow holds. */
export async function readHoldings({ network, accounts }: LocalNetwork): Promise<Holdings> {
  const client = await openContracts(network)
  const all: Account[] = [client.addresses.escrow, ...Object.values(accounts).map(({ address }) => address)]
  const holdings = all.map(async account => {
    const { tokens, stake, unbonding } = await readBalances(client, account)
    return [account.toLowerCase(), tokens + stake + unbonding] as const
  })
  return new Map(await Promise.all(holdings))
}

/** Compares the Escrow's own book with the sheet. */
async function bookDifferences({ network }: LocalNetwork, job: JobId, { paid }: BalanceSheet): Promise<Difference[]> {
  const book = await readJob(await openContracts(network), job)
  const entries = { owed: book?.owed ?? 0n, paid: book?.paid ?? 0n }
  return Object.entries(entries)
    .map(([name, found]) => ({ what: `${name}, in the book of the Escrow`, expected: paid, found }))
    .filter(({ expected, found }) => expected !== found)
}

/** What disputes took from some and gave to others. */
async function disputeChanges({ network }: LocalNetwork, job: JobId, submitter: string): Promise<Holdings> {
  const client = await openContracts(network)
  const changes = new Map<string, bigint>()
  const add = (account: string, amount: bigint) =>
    changes.set(account.toLowerCase(), (changes.get(account.toLowerCase()) ?? 0n) + amount)
  for (const { loser, winner, amount, reward, rest, isForVictims } of await listSlashes(client, job)) {
    add(loser, -amount)
    add(winner, reward)
    if (!isForVictims) add(submitter, rest)
  }
  return changes
}

export interface Settled {
  readonly sheet: BalanceSheet
  /** None when every balance is what the receipt says. */
  readonly differences: readonly Difference[]
}

/** Lets every node withdraw what it earned, then compares all balances with those before the job. */
export async function settleUp(network: LocalNetwork, receipt: Receipt, before: Holdings): Promise<Settled> {
  const terms = receipt.network
  if (terms === undefined) throw new TypeError('the receipt of a network names its network')
  const sheet = balanceSheet(receipt, terms)
  const earners = Object.entries(network.accounts).filter(([, { address }]) =>
    sheet.rows.some(({ account }) => account === address.toLowerCase()),
  )
  await Promise.all(earners.map(([key]) => withdraw(undefined, { key, network: network.path })))
  const after = await readHoldings(network)
  const book = await bookDifferences(network, terms.job as JobId, sheet)
  const disputed = await disputeChanges(network, terms.job as JobId, terms.submitter)
  return { sheet, differences: [...findDifferences(sheet, terms.submitter, { before, after, disputed }), ...book] }
}
