/** What `balance`, `stake`, `unstake` and `faucet` do; how it looks is theirs. */
import {
  addStake,
  type Balances,
  readBalances,
  readNode,
  readParameters,
  requestUnstake,
  withdrawStake,
} from '@cairn/contracts'
import { InputError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { parseAmount, type TokenUnit } from './amounts.ts'
import { give } from './faucet.ts'
import type { KeyOptions } from './key-place.ts'
import { type AccountOptions, accountOf, openForReading, openForWriting } from './open-chain.ts'
import { accepted } from './refusals.ts'

export interface Money extends Balances {
  readonly account: Account
  readonly token: TokenUnit
  readonly unbondsAtSeconds: number
}

/** An amount of tokens that moved. */
export interface Moved {
  readonly account: Account
  readonly amount: bigint
  readonly token: TokenUnit
}

/** Reads what an account has. */
export async function readMoney(options: AccountOptions): Promise<Money> {
  const { client, token } = await openForReading(options)
  const account = await accountOf(options)
  const [balances, { unbondsAtSeconds }] = await Promise.all([readBalances(client, account), readNode(client, account)])
  return { account, token, ...balances, unbondsAtSeconds }
}

/** Adds to a stake. */
export async function stakeTokens(text: string, options: KeyOptions): Promise<Moved> {
  const { client, token } = await openForWriting(options)
  const amount = parseAmount(text, token, 'AMOUNT')
  accepted(await addStake(client, amount), 'AMOUNT')
  return { account: client.account as Account, amount, token }
}

/** Takes a part out of a stake; it is in the account's hands only when it has unbonded. */
export async function startUnbonding(
  text: string,
  options: KeyOptions,
): Promise<Moved & { readonly unbondingSeconds: number }> {
  const { client, token } = await openForWriting(options)
  const amount = parseAmount(text, token, 'AMOUNT')
  accepted(await requestUnstake(client, amount), 'AMOUNT')
  const { unbondingSeconds } = await readParameters(client)
  return { account: client.account as Account, amount, token, unbondingSeconds }
}

/** Takes out what has unbonded. */
export async function withdrawUnbonded(options: KeyOptions): Promise<Moved> {
  const { client, token } = await openForWriting(options)
  const account = client.account as Account
  const { unbonding } = await readNode(client, account)
  accepted(await withdrawStake(client), account)
  return { account, amount: unbonding, token }
}

const noFaucet = (path: string): InputError =>
  new InputError('NoFaucet', 'This network has no faucet: its money is worth something.', {
    path,
    expected: 'a local network that `cairn up` runs',
    found: 'another network',
    fix: 'Ask whoever runs the network how to get its token.',
  })

/** Gives an account of a local network gas money and tokens. */
export async function useFaucet(text: string, options: AccountOptions): Promise<Moved> {
  const { client, token, network, path } = await openForReading(options)
  if (!network.hasFaucet) throw noFaucet(path)
  const account = await accountOf(options)
  const amount = parseAmount(text, token, '--amount')
  await give(client, account, amount)
  return { account, amount, token }
}
