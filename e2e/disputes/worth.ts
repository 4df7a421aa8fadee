/** What accounts have, to the last unit of the token. */
import { type ChainClient, readBalances } from '@cairn/contracts'
import type { Account } from '@cairn/protocol'

/** Where burned money goes. */
const FIRE = '0x000000000000000000000000000000000000dEaD'

/** Reads what accounts have, in hand and at stake, by their names, and what was burned. */
export async function readWorths<Name extends string>(
  client: ChainClient,
  accounts: Readonly<Record<Name, Account>>,
): Promise<Record<Name | 'burned', bigint>> {
  const all = Object.entries<Account>({ ...accounts, burned: FIRE }).map(async ([name, account]) => {
    const { tokens, stake, unbonding } = await readBalances(client, account)
    return [name, tokens + stake + unbonding] as const
  })
  return Object.fromEntries(await Promise.all(all)) as Record<Name | 'burned', bigint>
}

/** How much more everybody has. */
export const changesOf = <Worths extends Readonly<Record<string, bigint>>>(before: Worths, after: Worths): Worths =>
  Object.fromEntries(Object.entries(after).map(([name, worth]) => [name, worth - before[name]!])) as Worths
