/**
 * What must hold after any calls whatsoever. SPEC: protocol.md section 7, "Properties under random call sequences":
 * escrow + stakes (bonds within) + pots + withdrawn + refunded + unstaked + awarded + burned = deposited; nobody withdraws twice; every
 * bond backs something. Returns what is broken, in words; nothing when all is well.
 */
import { type CaseState, isRunning, workKey } from './dispute-state.ts'
import { bondAt } from './rules/links.ts'
import type { JobState, NodeState, Settlement } from './state.ts'
import { type Account, priceOf } from './terms.ts'
import { answeringIn } from './works.ts'

/** What the Escrow's own token balance must be. */
export const heldInEscrow = ({ jobs }: Settlement): bigint =>
  sum([...jobs.values()].map(({ terms, paid, refunded }) => terms.budget - paid - refunded))

/** What the Registry's own token balance must be. */
export const heldInRegistry = ({ nodes }: Settlement): bigint =>
  sum([...nodes.values()].map(({ stake, unbonding }) => stake + unbonding))

/** What Slashing's own token balance must be. */
export const heldInSlashing = ({ cases }: Settlement): bigint => sum([...cases.values()].map(({ pot }) => pot))

export function brokenMoneyRules(state: Settlement): string[] {
  const { deposited, withdrawn, refunded, unstaked, awarded, burned } = state.flows
  const held = heldInEscrow(state) + heldInRegistry(state) + heldInSlashing(state)
  const accounted = held + withdrawn + refunded + unstaked + awarded + burned
  return [
    ...(accounted === deposited ? [] : [`deposited ${deposited}, accounted for ${accounted}`]),
    ...[...state.jobs].flatMap(([key, job]) => brokenJobRules(job).map(rule => `job ${key}: ${rule}`)),
    ...[...state.nodes].flatMap(([account, node]) =>
      brokenNodeRules(state, account, node).map(rule => `node ${account}: ${rule}`),
    ),
    ...[...state.cases].flatMap(([wrong, found]) => brokenCaseRules(found).map(rule => `case ${wrong}: ${rule}`)),
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
    [
      'every bond backs a lease, an assertion, a work, an attestation or a challenge',
      locked === bondsOf(state, account),
    ],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

function brokenCaseRules({ pot, weight, reported, isDivided }: CaseState): string[] {
  const rules: [string, boolean][] = [
    ['pots and weights are never negative', pot >= 0n && weight >= 0n],
    ['the weight is what was reported', weight === sum([...reported.values()])],
    ['no more is divided than what the work costs', !isDivided || pot <= weight],
  ]
  return rules.filter(([, holds]) => !holds).map(([rule]) => rule)
}

function bondsOf(state: Settlement, account: Account): bigint {
  const { parameters, games } = state
  const all = [...state.jobs.values()]
  const leases = all.filter(({ lease }) => lease.holder === account).length
  const assertions = all.filter(({ pending }) => pending?.asserter === account).length
  const challenges = games.filter(game => isRunning(game) && game.challenger === account)
  const spoken = BigInt(leases) * parameters.leaseBond + BigInt(assertions) * parameters.earningsBond
  return spoken + sum(challenges.map(({ bond }) => bond)) + linkBondsOf(state, account)
}

/** Of works and attestations that are neither final nor void, and of void ones, whose bond is still there. */
function linkBondsOf(state: Settlement, account: Account): bigint {
  const standing = [...state.jobs.values()].flatMap(({ links, finalRounds }) => links.slice(finalRounds))
  const voided = [...state.voids].map(([head, { anchor }]) => ({ head, anchor }))
  const mine = [...standing, ...voided].flatMap(({ head, anchor }) =>
    answeringIn(anchor).flatMap((by, place) =>
      by === account && !state.bonds.has(workKey(head, place)) ? [bondAt(state, anchor, place)] : [],
    ),
  )
  return sum(mine)
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)
