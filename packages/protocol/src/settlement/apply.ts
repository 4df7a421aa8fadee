/** Applies calls to the state: all rules in one table. */
import type { CallName, SettlementCall, SettlementCalls } from './calls.ts'
import type { SettlementHashing } from './hashing.ts'
import type { Outcome, Rule, Rules } from './rule.ts'
import { anchorRules } from './rules/anchors.ts'
import { earningsRules } from './rules/earnings.ts'
import { escrowRules } from './rules/escrow.ts'
import { pauseRules } from './rules/pause.ts'
import { registryRules } from './rules/registry.ts'
import { tokenRules } from './rules/token.ts'
import type { Settlement } from './state.ts'

const RULES: Rules<CallName> = {
  ...tokenRules,
  ...pauseRules,
  ...registryRules,
  ...escrowRules,
  ...anchorRules,
  ...earningsRules,
}

/**
 * Applies one call at a block's time in seconds, which must not go back from call to call. Accounts are compared as
 * they are written. A refusal leaves the state as it was.
 */
export function applyCall(
  hashing: SettlementHashing,
  state: Settlement,
  { call, from, args }: SettlementCall,
  now: number,
): Outcome {
  const rule = RULES[call] as Rule<SettlementCalls[CallName]>
  return rule(state, args, { from, now, hashing })
}
