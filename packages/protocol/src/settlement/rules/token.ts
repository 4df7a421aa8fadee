/** The token, as far as money crosses the contracts' border. Twin of TestToken.sol and of OpenZeppelin's ERC20. */
import { done, type Outcome, type Rules, refuse } from '../rule.ts'
import type { Flows, Settlement } from '../state.ts'
import type { Account } from '../terms.ts'

/** The most that one call mints: a million tokens of six decimals. */
const FAUCET_CAP = 10n ** 12n

export const tokenRules: Rules<'mint'> = {
  mint: (state, { to, amount }) =>
    amount > FAUCET_CAP ? refuse('FaucetCapExceeded') : done(withTokens(state, to, amount)),
}

/** Takes tokens from an account into the contracts. */
export function takeIn(state: Settlement, account: Account, amount: bigint): Outcome {
  if ((state.tokens.get(account) ?? 0n) < amount) return refuse('ERC20InsufficientBalance')
  const { flows } = state
  return done(withTokens({ ...state, flows: { ...flows, deposited: flows.deposited + amount } }, account, -amount))
}

/** Pays tokens out of the contracts, for one of these reasons. */
export function payOut(
  state: Settlement,
  account: Account,
  amount: bigint,
  reason: 'withdrawn' | 'refunded' | 'unstaked' | 'awarded',
): Outcome {
  const flows: Flows = { ...state.flows, [reason]: state.flows[reason] + amount }
  return done(withTokens({ ...state, flows }, account, amount))
}

const withTokens = (state: Settlement, account: Account, change: bigint): Settlement => ({
  ...state,
  tokens: new Map(state.tokens).set(account, (state.tokens.get(account) ?? 0n) + change),
})
