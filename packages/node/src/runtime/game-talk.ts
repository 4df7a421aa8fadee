/**
 * What the sides of a game say to each other instead of to the chain: this side's moves, repeated until they are answered,
 * and the other's, as far as the chain would believe them. SPEC: docs/spec/disputes.md "Off the chain". Not here: how a side
 * finds its moves (`game-turn.ts`), and what it does when nobody answers (`game-answer.ts`).
 */
import { type GameMoves, type GameOnChain, isPositionSigned, signPosition } from '@cairn/contracts'
import { applyMove, type JobId, type Message, type MessageBodies, type Side } from '@cairn/protocol'
import { sameAccount } from './chain-watch.ts'
import { gameRules, type Line, lineOf, type SaidStep, type Step } from './game-line.ts'
import { keepStep, keptSteps } from './game-records.ts'
import type { GameParts } from './game-states.ts'

type Said = MessageBodies['game']

/** How a node reaches others. */
export interface GameWire {
  /** The node of an account, if it was heard of lately. */
  peerOf(account: string): string | undefined
  send(peer: string, job: JobId, body: Said): void
}

/** What is going on between the sides of one game. */
export interface Talk {
  /** Of the other side, and not yet looked at. */
  readonly heard: Said[]
  /** Turn that the game has come to, as far as this side knows. */
  turn: number
  /** When this side's moves were last said. */
  sentMs: number
  /** Until when nothing more is heard, after something that was wrong. */
  deafUntilMs: number
}

export const newTalk = (): Talk => ({ heard: [], turn: 0, sentMs: 0, deafUntilMs: 0 })

/** A side of a game. */
export interface Player {
  readonly game: GameOnChain
  readonly side: Side
}

/** SAFETY: an honest side says one move or two at a time. */
const MOST_HEARD = 4
const RESEND_MS = 2_000
const DEAF_MS = 250

export const otherSide = (side: Side): Side => (side === 'defender' ? 'challenger' : 'defender')

/** Takes what a node says of a game, if that node is the other side's. Returns whether it is news. */
export function hearMove(
  { chain }: Pick<GameParts, 'chain'>,
  talk: Talk,
  { game, side }: Player,
  { sender, job, body }: Extract<Message, { kind: 'game' }>,
): boolean {
  const node = chain.node(sender)
  const isOther = node !== undefined && sameAccount(node.account, game[otherSide(side)])
  if (!isOther || job !== game.job) return false
  if (body.turn < talk.turn) {
    // It may not have heard the answer.
    talk.sentMs = Math.min(talk.sentMs, Date.now() - RESEND_MS / 2)
    return false
  }
  if (talk.heard.length >= MOST_HEARD || Date.now() < talk.deafUntilMs) return false
  talk.heard.push(body)
  return true
}

/** Returns the step that a heard move is, or why it is none. */
function stepOf(
  { client }: Pick<GameParts, 'client'>,
  { game, side }: Player,
  { subject, tip }: Line,
  { turn, move, signature }: Said,
): SaidStep | string {
  if (turn !== tip.turn || tip.toMove !== otherSide(side)) return `the game is at turn ${tip.turn}`
  // SAFETY: what would end the game is judged by the chain alone; the referee's work is not to be had for a message.
  if (move.move === 'prove' || move.move === 'witness' || move.move === 'concede') return 'that is for the chain'
  const made = applyMove(gameRules, subject, tip, move)
  if (made.result !== 'moved') return made.result === 'won' ? 'that is for the chain' : made.reason
  const after = made.position
  const signed = `0x${signature}` as const
  const isSigned = isPositionSigned(client, { game: game.game, subject, position: after }, signed, game[tip.toMove])
  return isSigned ? { before: tip, move, after, signature: signed } : 'its account has not signed it'
}

/** Keeps what was heard and is a next step of the game. Returns the line that it is on then. */
export function takeHeard(parts: GameParts, talk: Talk, { game, side }: Player, moves: GameMoves): Line {
  const read = (): Line => lineOf(moves, keptSteps(parts.storage, game.game))
  let line = read()
  // A sort keeps the order of those of one turn: the first counts.
  for (const said of talk.heard.splice(0).sort((a, b) => a.turn - b.turn)) {
    const step = stepOf(parts, { game, side }, line, said)
    if (typeof step === 'string') {
      talk.deafUntilMs = Date.now() + DEAF_MS
      parts.log.info({ game: game.game, job: game.job, turn: said.turn, reason: step }, 'dropped a move that was said')
    } else {
      keepStep(parts.storage, game.game, line.subject, step)
      line = read()
    }
  }
  talk.turn = line.tip.turn
  return line
}

/** Signs a move of this side's and keeps it. Nothing is sent yet. */
export async function keepOwn(
  { client, storage }: GameParts,
  game: number,
  { subject }: Line,
  step: Step,
): Promise<SaidStep> {
  const signature = await signPosition(client, { game, subject, position: step.after })
  const said = { ...step, signature }
  keepStep(storage, game, subject, said)
  return said
}

/** Said steps, of which `at` come before. */
export interface Run {
  readonly at: number
  readonly steps: readonly SaidStep[]
}

/**
 * This side's last moves, from the first that the other side had to answer before. SAFETY: who is on turn twice and makes one
 * move of the two has answered, and leaves this side waiting all the same.
 */
export function ownMoves({ said }: Pick<Line, 'said'>, side: Side): Run {
  const end = said.findLastIndex(({ before }) => before.toMove === side) + 1
  const at = said.slice(0, end).findLastIndex(({ before }) => before.toMove !== side) + 1
  return { at, steps: said.slice(at, end) }
}

/** Says moves, the first time and again while nobody answers. */
export function sayMoves(
  wire: GameWire,
  talk: Talk,
  { game, job }: GameOnChain,
  to: string,
  steps: readonly SaidStep[],
): void {
  const nowMs = Date.now()
  if (steps.length === 0 || nowMs - talk.sentMs < RESEND_MS) return
  talk.sentMs = nowMs
  for (const { before, move, signature } of steps)
    wire.send(to, job, { game, turn: before.turn, move, signature: signature.slice(2) })
}
