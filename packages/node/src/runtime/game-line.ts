/**
 * The line that a game is on: what the chain tells of it, and beyond that what the sides have said to each other.
 * SPEC: docs/spec/disputes.md "Off the chain". The chain comes first: what was said in positions that it is past, or has never
 * come to, only tells what the defender has shown. Not here: what is said and when (`game-talk.ts`).
 */
import { type GameMoves, positionState } from '@cairn/contracts'
import { applyMove, type Move, NOTHING_SHOWN, type Position, remember, type Shown, type Subject } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { sha256 } from '../files/hash.ts'

/** A move, and the positions that it leads from and to. */
export interface Step {
  readonly before: Position
  readonly move: Move
  readonly after: Position
}

/** One that was not made on the chain: its side has signed where it leads. */
export interface SaidStep extends Step {
  readonly signature: `0x${string}`
}

export interface Line {
  readonly subject: Subject
  /** What was said since the position that the chain knows. */
  readonly said: readonly SaidStep[]
  /** Where it leads. */
  readonly tip: Position
  /** What the defender has shown on the way there, and the last move. */
  readonly shown: Shown
  readonly last?: Step
}

export const gameRules = { hash: sha256, referee: createReferee(sha256) }

/**
 * Finds the position from which a game went on on the chain after it had been played elsewhere. SAFETY: who moves by way of
 * another contract hides it, and so what the defender has shown before.
 */
function resumedFrom(subject: Subject, said: readonly SaidStep[], move: Move, after: Position): Position | undefined {
  const state = positionState(subject, after)
  const leadsThere = (position: Position): boolean => {
    if (position.turn !== after.turn - 1) return false
    const made = applyMove(gameRules, subject, position, move)
    return made.result === 'moved' && positionState(subject, made.position) === state
  }
  return said.map(step => step.after).find(leadsThere)
}

/** Lists the steps that lead on from a position. */
function stepsFrom(subject: Subject, from: Position, said: readonly SaidStep[]): SaidStep[] {
  const next = new Map(said.map(step => [positionState(subject, step.before), step]))
  const steps: SaidStep[] = []
  for (let at = from; ; at = (steps.at(-1) as SaidStep).after) {
    const step = next.get(positionState(subject, at))
    if (step === undefined) return steps
    steps.push(step)
  }
}

/** Finds the line. `said` has at most one step from each position. */
export function lineOf({ subject, start, moves }: GameMoves, said: readonly SaidStep[]): Line {
  const leading = new Map<string, Step>(said.map(step => [positionState(subject, step.after), step]))
  let known = start
  for (const { move, before, after } of moves) {
    const from = before ?? resumedFrom(subject, said, move, after)
    if (from !== undefined) leading.set(positionState(subject, after), { before: from, move, after })
    known = after
  }
  const ahead = stepsFrom(subject, known, said)
  const tip = ahead.at(-1)?.after ?? known
  const path: Step[] = []
  // What led to a position may be lost with a disk; its later ones can be played all the same.
  for (let at = tip; at.turn > start.turn; at = (path[0] as Step).before) {
    const step = leading.get(positionState(subject, at))
    if (step === undefined) break
    path.unshift(step)
  }
  let shown = NOTHING_SHOWN
  for (const { before, move, after } of path) shown = remember(shown, before, move, after)
  const last = path.at(-1)
  return { subject, said: ahead, tip, shown, ...(last && { last }) }
}
