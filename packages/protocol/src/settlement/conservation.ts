/**
 * What must hold after any calls whatsoever. SPEC: protocol.md section 7, "Properties under random call sequences":
 * escrow + stakes (bonds within) + withdrawn + refunded + unstaked + burned = deposited; nobody withdraws twice; every
 * bond backs something. Returns what is broken, in words; nothing when all is well.
 */
import type { JobState, NodeState, Settlement } from './state.ts'
import { type Account, priceOf } from './terms.ts'

/** What the Escrow's own token balance must be. */
export const heldInEscrow = ({ jobs }: Settlement): bigint =>
  sum([...jobs.values()].map(({ terms, paid, refunded }) => terms.budget - paid - refunded))

/** What the Registry's own token balance must be. */
export const heldInRegistry = ({ nodes }: Settlement): bigint =>
  sum([...nodes.values()].map(({ stake, unbonding }) => stake + unbonding))

export function brokenMoneyRules(state: Settlement): string[] {
  const { deposited, withdrawn, refunded, unstaked, burned } = state.flows
  const accounted = heldInEscrow(state) + heldInRegistry(state) + withdrawn + refunded + unstaked + burned
  return [
    ...(accounted === deposited ? [] : [`deposited ${deposited}, accounted for ${accounted}`]),
    ...[...state.jobs].flatMap(([key, job]) => brokenJobRules(job).map(rule => `job ${key}: ${rule}`)),
    ...[...state.nodes].flatMap(([account, node]) =>
      brokenNodeRules(state, account, node).map(rule => `node ${account}: ${rule}`),
    ),
    ...[...state.tokens].filter(([, amount]) => amount < 0n).map(([account]) => `${account} owes tokens`),
  ]
}

function brokenJobRules({ terms, owed, paid, refunded, withdrawn, settled, status }: JobState): string[] {
  const rules: [string, boolean][] = [
    ['owed never exceeds the budget', owed <= terms.budget],
    ['paid never exceeds owed', paid <= owed],
    ['owed is what the settled totals cost', owed === priceOf(terms, settled.totals)],
    ['what accounts withdrew is what was paid', sum([...withdrawn.values()]) === paid],
    [
      'only a closed job is refunded, and all that nobody earned',
      refunded === (status === 'closed' ? terms.budget - owed : 0n),
    ],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

function brokenNodeRules(state: Settlement, account: Account, { stake, locked, unbonding }: NodeState): string[] {
  const rules: [string, boolean][] = [
    ['stakes are never negative', stake >= 0n && unbonding >= 0n && locked >= 0n],
    ['bonds lie inside the stake', locked <= stake],
    ['every bond backs a lease or an assertion', locked === bondsOf(state, account)],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

function bondsOf({ jobs, parameters }: Settlement, account: Account): bigint {
  const all = [...jobs.values()]
  const leases = all.filter(({ lease }) => lease.holder === account).length
  const assertions = all.filter(({ pending }) => pending?.asserter === account).length
  return BigInt(leases) * parameters.leaseBond + BigInt(assertions) * parameters.earningsBond
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
