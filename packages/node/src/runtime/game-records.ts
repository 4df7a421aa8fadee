/**
 * Moves that were said and not made on the chain, on this node's disk: what the other side has signed is what the game goes
 * on from on the chain, and whoever has signed a move makes no other one in its place.
 */
import { positionState } from '@cairn/contracts'
import { decodeCanonical, encodeCanonical } from '@cairn/primitives'
import type { Position, Subject } from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'
import type { SaidStep } from './game-line.ts'

type Facts = Pick<Storage, 'facts'>

const GAMES = 'game/'

/** A game may have come to several positions of one turn: one side may go on from an earlier one on the chain. */
const keyOf = (game: number, subject: Subject, before: Position): string =>
  `${GAMES}${game}/${before.turn}/${positionState(subject, before).slice(2, 18)}`

/** Keeps a step, if it is the first one from its position. */
export function keepStep({ facts }: Facts, game: number, subject: Subject, step: SaidStep): void {
  const key = keyOf(game, subject, step.before)
  if (facts.get(key) === undefined) facts.set(key, encodeCanonical(step as never))
}

/** Takes back a step that the chain does not allow. */
export function dropStep({ facts }: Facts, game: number, subject: Subject, before: Position): void {
  facts.delete(keyOf(game, subject, before))
}

export const keptSteps = ({ facts }: Facts, game: number): SaidStep[] =>
  facts.entries(`${GAMES}${game}/`).map(([, bytes]) => decodeCanonical(bytes) as unknown as SaidStep)

/** Forgets games that are over. */
export function forgetSteps({ facts }: Facts, open: ReadonlySet<number>): void {
  for (const [key] of facts.entries(GAMES)) if (!open.has(Number(key.split('/')[1]))) facts.delete(key)
}
