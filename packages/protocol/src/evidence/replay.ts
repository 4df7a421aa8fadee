/**
 * Makes the moves of a bundle again, by the rules of the game: those of the chain, those that were said by messages, and
 * over what nobody told by the position that a side has signed. SPEC: docs/spec/evidence.md "Judging".
 */
import type { HashHex } from '@cairn/primitives'
import { applyMove, type MoveResult, type Rules } from '../dispute/apply.ts'
import type { UnitClaim } from '../dispute/claims.ts'
import { openPosition, type Position, type Side } from '../dispute/position.ts'
import type { Account } from '../settlement/terms.ts'
import type { Evidence } from './bundle.ts'

/** How contracts hash what a bundle holds, whose signature something is, and by what moves are judged. */
export interface EvidenceRules extends Rules {
  claimHash(claim: UnitClaim): HashHex
  /** Of hashes of claims, in order. */
  claimsHash(claims: readonly HashHex[]): HashHex
  anchorHead(anchor: Evidence['anchor']): HashHex
  provableHash(job: Evidence['job']): HashHex
  isPositionSigned(
    bundle: Pick<Evidence, 'chain' | 'game' | 'subject'>,
    position: Position,
    signature: `0x${string}`,
    account: Account,
  ): boolean
}

/** What in a bundle is not as it follows from the rest. */
export interface EvidenceDifference {
  readonly what: string
  readonly expected: string
  readonly found: string
}

/** Says a difference, if there is one. */
export const differs = (what: string, expected: unknown, found: unknown): EvidenceDifference[] =>
  expected === found ? [] : [{ what, expected: String(expected), found: String(found) }]

type Made = Evidence['moves'][number]

/** A move, where it was made, and where it led; nowhere where it ended the game. */
export interface EvidenceStep {
  readonly made: Made
  readonly before: Position
  readonly after?: Position
}

export interface EvidenceReplay {
  readonly steps: readonly EvidenceStep[]
  /** What comes of the moves; by `silence` of a game that another one may have dissolved. Or what was wrong first. */
  readonly result: Evidence['result'] | EvidenceDifference
}

export const otherSide = (side: Side): Side => (side === 'defender' ? 'challenger' : 'defender')

type Problem = Omit<EvidenceDifference, 'what'>
type Outcome = Exclude<MoveResult, { result: 'refused' }>

/** Where a replay stands, and where the chain knows the game to be: what was said is not told there. */
interface Standing {
  readonly position: Position
  readonly onChain: Position
}

/** Finds the position in which a move was made. */
function placeOf(rules: EvidenceRules, bundle: Evidence, made: Made, at: Standing): Position | Problem {
  if (!('transaction' in made)) return at.position
  if (made.resumed === undefined) return at.onChain
  const { position, signature } = made.resumed
  const signer = otherSide(position.toMove)
  if (position.turn <= at.onChain.turn)
    return { expected: `a turn after ${at.onChain.turn}`, found: `${position.turn}` }
  const isSigned = rules.isPositionSigned(bundle, position, signature, bundle[signer])
  return isSigned ? position : { expected: `a position that the ${signer} has signed`, found: 'another signature' }
}

/** Makes one move. Returns what comes of it, or what is wrong with it. */
function play(rules: EvidenceRules, bundle: Evidence, made: Made, before: Position): Outcome | Problem {
  const { by, move } = made
  if (by !== before.toMove) return { expected: `by the ${before.toMove}`, found: `by the ${by}` }
  const result = applyMove(rules, bundle.subject, before, move)
  if (result.result === 'refused') return { expected: 'a move that is allowed', found: result.reason }
  if ('transaction' in made) return result
  if (result.result === 'won') return { expected: 'a transaction, for this move ends the game', found: 'none' }
  const isSigned = rules.isPositionSigned(bundle, result.position, made.signature, bundle[by])
  return isSigned ? result : { expected: `a position that the ${by} has signed`, found: 'another signature' }
}

/** A position that somebody signed need not be one that a game can come to. */
function unlessMalformed(act: () => Outcome | Problem): Outcome | Problem {
  try {
    return act()
  } catch (error) {
    return { expected: 'a position of this game', found: String(error) }
  }
}

/** Makes the moves again. Never throws on a bundle that was decoded. */
export function replayEvidence(rules: EvidenceRules, bundle: Evidence): EvidenceReplay {
  const start = openPosition(bundle.subject)
  const steps: EvidenceStep[] = []
  let at: Standing = { position: start, onChain: start }
  for (const [i, made] of bundle.moves.entries()) {
    const what = `move ${i + 1} (${made.move.move})`
    const before = placeOf(rules, bundle, made, at)
    if ('expected' in before) return { steps, result: { what, ...before } }
    const outcome = unlessMalformed(() => play(rules, bundle, made, before))
    if ('expected' in outcome) return { steps, result: { what, ...outcome } }
    if (outcome.result === 'won') {
      const { winner, by } = outcome
      const left = bundle.moves.length - 1 - i
      if (left === 0) return { steps: [...steps, { made, before }], result: { winner, by } }
      return { steps, result: { what, expected: 'a game that goes on', found: `it ends here, ${left} moves before` } }
    }
    const { position } = outcome
    steps.push({ made, before, after: position })
    at = { position, onChain: 'transaction' in made ? position : at.onChain }
  }
  return { steps, result: { winner: otherSide(at.onChain.toMove), by: 'silence' } }
}
