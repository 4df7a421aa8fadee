/** The form of a rule: what a call does to the state, or why not. A refusal changes nothing. */
import type { CallName, SettlementCalls } from './calls.ts'
import type { SettlementCode } from './codes.ts'
import type { SettlementEvent } from './events.ts'
import type { SettlementHashing, SignatureCheck } from './hashing.ts'
import type { Settlement } from './state.ts'
import type { Account } from './terms.ts'

export interface Done {
  readonly ok: true
  readonly state: Settlement
  /** In the order in which the contracts emit them. */
  readonly events: readonly SettlementEvent[]
}

export interface Refused {
  readonly ok: false
  readonly code: SettlementCode
}

export type Outcome = Done | Refused

export interface CallContext {
  readonly from: Account
  /** The block's time in seconds. */
  readonly now: number
  readonly hashing: SettlementHashing & { readonly isSigned: SignatureCheck }
}

export type Rule<Args> = (state: Settlement, args: Args, context: CallContext) => Outcome

/** The rules of some calls. */
export type Rules<Name extends CallName> = { readonly [Call in Name]: Rule<SettlementCalls[Call]> }

export const refuse = (code: SettlementCode): Refused => ({ ok: false, code })

export const done = (state: Settlement, ...events: SettlementEvent[]): Done => ({ ok: true, state, events })

/** Goes on with another step after a first one; the first refusal ends it. */
// Not `then`: a module that exports that is taken for a promise by `import()`.
export function andThen(first: Outcome, next: (state: Settlement) => Outcome): Outcome {
  if (!first.ok) return first
  const second = next(first.state)
  return second.ok ? { ...second, events: [...first.events, ...second.events] } : second
}
