/** Applies calls to the state: all rules in one table. */
import type { CallName, SettlementCall, SettlementCalls } from './calls.ts'
import type { CallContext, Outcome, Rule, Rules } from './rule.ts'
import { anchorRules } from './rules/anchors.ts'
import { disputeRules } from './rules/disputes.ts'
import { earningsRules } from './rules/earnings.ts'
import { escrowRules } from './rules/escrow.ts'
import { inclusionRules } from './rules/inclusions.ts'
import { pauseRules } from './rules/pause.ts'
import { registryRules } from './rules/registry.ts'
import { roundRules } from './rules/rounds.ts'
import { slashingRules } from './rules/slashing.ts'
import { tokenRules } from './rules/token.ts'
import type { Settlement } from './state.ts'

const RULES: Rules<CallName> = {
  ...tokenRules,
  ...pauseRules,
  ...registryRules,
  ...escrowRules,
  ...anchorRules,
  ...inclusionRules,
  ...roundRules,
  ...disputeRules,
  ...slashingRules,
  ...earningsRules,
}

/**
 * Applies one call at a block's time in seconds, which must not go back from call to call. Accounts are compared as
 * they are written. A refusal leaves the state as it was.
 */
export function applyCall(
  hashing: CallContext['hashing'],
  state: Settlement,
  { call, from, args }: SettlementCall,
  now: number,
): Outcome {
  const rule = RULES[call] as Rule<SettlementCalls[CallName]>
  return rule(state, args, { from, now, hashing })
}
