/** Plays a game on the contract alone, between two accounts that go by their traces. */
import { type ChainClient, moveGame, readGame, readPosition } from '@cairn/contracts'
import {
  applyMove,
  challenge,
  defend,
  type Move,
  NOTHING_SHOWN,
  type Position,
  type Rules,
  remember,
  type Side,
  type Subject,
  type TraceProvider,
} from '@cairn/protocol'

export interface Players {
  readonly traces: Readonly<Record<Side, TraceProvider>>
  readonly clients: Readonly<Record<Side, ChainClient>>
}

export const moveOf = (
  rules: Rules,
  side: Side,
  { traces }: Players,
  subject: Subject,
  position: Position,
  shown = NOTHING_SHOWN,
): Promise<Move> =>
  side === 'defender'
    ? defend(rules, traces.defender, subject, position)
    : challenge(rules, traces.challenger, subject, position, shown)

/** Both play on the chain, until the game is over or one cannot move. Returns the last refusal, if there was one. */
export async function playOnContract(rules: Rules, game: number, players: Players): Promise<string | undefined> {
  let shown = NOTHING_SHOWN
  for (;;) {
    const state = await readGame(players.clients.defender, game)
    if (state.state !== 'open') return undefined
    const { subject, position } = (await readPosition(players.clients.defender, game))!
    if (state.toMove !== position.toMove) throw new Error(`the ${position.toMove} is to move, says its position`)
    const move = await moveOf(rules, position.toMove, players, subject, position, shown)
    const made = await moveGame(players.clients[position.toMove], { game, subject, position, move })
    if (!made.ok) return made.reason
    const next = applyMove(rules, subject, position, move)
    if (next.result === 'moved') shown = remember(shown, position, move, next.position)
  }
}
