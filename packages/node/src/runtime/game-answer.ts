/**
 * What becomes of this side's move: it is said to the other side, and made on the chain when it ends the game, or when
 * nobody answers while this side's clock runs. SPEC: docs/spec/disputes.md "Off the chain". SAFETY: the chain's clock of a
 * side runs while the game is played elsewhere, so no more than half of it is spent on waiting.
 */
import { type CallResult, moveGame, resumeGame } from '@cairn/contracts'
import { applyMove, type Move } from '@cairn/protocol'
import { sameAccount } from './chain-watch.ts'
import { gameRules, type Line, type SaidStep, type Step } from './game-line.ts'
import { dropStep } from './game-records.ts'
import type { GameParts } from './game-states.ts'
import { type GameWire, keepOwn, otherSide, ownMoves, type Player, sayMoves, type Talk } from './game-talk.ts'
import { moveInWords } from './game-words.ts'

/** What came of a turn: a move was made, or nothing is to be done now, or why there is no move. */
export type TurnResult =
  | { readonly result: 'moved' | 'changed' }
  | { readonly result: 'failed'; readonly code: string; readonly reason: string }

/** A game and its clock on the chain: of which side it is, and what is left of it. */
export interface Turn extends Player {
  readonly isClockOwn: boolean
  readonly secondsLeft: number
}

export interface AnswerOptions {
  readonly parts: GameParts
  readonly wire: GameWire
  /** What each side has for all its moves, on the chain. */
  readonly maximumDelaySeconds: number
}

/** A talk in which this side has waited. */
export interface Waiting extends Talk {
  /** Since when, for an answer to its moves up to a turn. */
  waiting?: { readonly turn: number; readonly sinceMs: number }
  /** How often it has waited for nothing. */
  disappointments: number
}

const MOVED: TurnResult = { result: 'moved' }
export const NOTHING_TO_DO: TurnResult = { result: 'changed' }

/** The chain changed while the move was on its way: whoever reads it again knows what to do. */
const CHANGED = ['OtherPosition', 'OldPosition', 'NotYourTurn', 'GameOver']
export const REFUSED = 'MoveRefused'

const PATIENCE_MS = 10_000
/** Of the clock, for one answer; and what waiting may have used of it in all. */
const PATIENCE = 1 / 10
const WAITED = 1 / 2

/** Says in the log what was done. */
function tell(
  { parts: { log } }: AnswerOptions,
  turn: Turn,
  line: Line,
  step: Omit<Step, 'after'>,
  where: string,
): void {
  const { game, job, round } = turn.game
  const { before: position, move } = step
  const { subject, last } = line
  const { secondsLeft, side } = turn
  const about = { game, job, round, turn: position.turn, phase: position.phase, secondsLeft, where }
  const answers =
    last && last.after.turn === position.turn && moveInWords({ subject, position: last.before }, last.move)
  log.info({ ...about, ...(answers && { answers }) }, `as ${side}: ${moveInWords({ subject, position }, move)}`)
}

/** Makes a move on the chain, where `at` steps were said before it: from there the other side has signed the position. */
async function post(
  options: AnswerOptions,
  turn: Turn,
  line: Line,
  { step, at }: { readonly step: Omit<Step, 'after'>; readonly at: number },
): Promise<TurnResult> {
  const { client, storage } = options.parts
  const { game } = turn.game
  const { subject, said } = line
  const move = { game, subject, position: step.before, move: step.move }
  const before = said[at - 1]
  const sent: CallResult = before ? await resumeGame(client, move, before.signature) : await moveGame(client, move)
  if (sent.ok) {
    tell(options, turn, line, step, 'on the chain')
    return MOVED
  }
  if (CHANGED.includes(sent.code)) return NOTHING_TO_DO
  if (sent.code === REFUSED) dropStep(storage, game, subject, step.before)
  return { result: 'failed', code: sent.code, reason: sent.reason }
}

/** The other side's node, if it may be talked to: nobody talks to itself, nor when the time for waiting is used up. */
export function listener({ wire, maximumDelaySeconds }: AnswerOptions, { game, side, isClockOwn, secondsLeft }: Turn) {
  const account = game[otherSide(side)]
  if (sameAccount(account, game[side])) return undefined
  const isShort = isClockOwn && secondsLeft < maximumDelaySeconds * (1 - WAITED)
  return isShort ? undefined : wire.peerOf(account)
}

/** Tells whether the other side had its time. */
export function isPatienceOver(
  { maximumDelaySeconds }: Pick<AnswerOptions, 'maximumDelaySeconds'>,
  talk: Pick<Waiting, 'waiting' | 'disappointments'>,
  turn: number,
): boolean {
  const nowMs = Date.now()
  if (talk.waiting?.turn !== turn) talk.waiting = { turn, sinceMs: nowMs }
  const patienceMs = Math.min(PATIENCE_MS, maximumDelaySeconds * 1000 * PATIENCE)
  // Who never answers is not waited for as long at every turn.
  return nowMs - talk.waiting.sinceMs >= patienceMs / 2 ** talk.disappointments
}

/** Sees to it that this side's moves are answered, when it has said some. */
export async function pursue(options: AnswerOptions, turn: Turn, talk: Waiting, line: Line): Promise<TurnResult> {
  const { at, steps } = ownMoves(line, turn.side)
  const [step] = steps
  if (step === undefined) return NOTHING_TO_DO
  const peer = listener(options, turn)
  const isOver = isPatienceOver(options, talk, line.tip.turn)
  // While the other side's clock runs there is no hurry: it has the chain to move on, or runs out of time.
  if (turn.isClockOwn && (peer === undefined || isOver)) {
    const posted = await post(options, turn, line, { step, at })
    if (posted === MOVED && peer !== undefined) talk.disappointments++
    return posted
  }
  if (peer !== undefined) sayMoves(options.wire, talk, turn.game, peer, steps)
  return NOTHING_TO_DO
}

/** Makes the move that was found where the line has come to. */
export async function answer(
  options: AnswerOptions,
  turn: Turn,
  talk: Waiting,
  line: Line,
  move: Move,
): Promise<TurnResult> {
  const { subject, tip, said } = line
  const made = applyMove(gameRules, subject, tip, move)
  if (made.result !== 'moved') {
    // On turn for the second time: what was only said before goes first.
    const { at, steps } = ownMoves(line, turn.side)
    const [first] = at + steps.length === said.length ? steps : []
    const last = { step: { before: tip, move }, at: said.length }
    return post(options, turn, line, first === undefined ? last : { step: first, at })
  }
  const step: SaidStep = await keepOwn(options.parts, turn.game.game, line, { before: tip, move, after: made.position })
  if (listener(options, turn) !== undefined) tell(options, turn, line, step, 'to the other side')
  talk.sentMs = 0
  const done = await pursue(options, turn, talk, { ...line, said: [...said, step], tip: step.after })
  // A side may be on turn twice.
  return step.after.toMove === turn.side && done === NOTHING_TO_DO ? MOVED : done
}
