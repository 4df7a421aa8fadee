/** Plays a game to its end and checks the rules on the way: whose turn it is, that it ends, that exactly one side loses. */
import { applyMove, type MoveResult, type Rules } from '../dispute/apply.ts'
import type { Move } from '../dispute/moves.ts'
import { openPosition, type Position, type Side } from '../dispute/position.ts'
import { NOTHING_SHOWN, remember, type Shown } from '../dispute/shown.ts'
import type { Subject } from '../dispute/subject.ts'

/** Chooses a move. */
export type Player = (position: Position, shown: Shown) => Promise<Move>

export interface Played {
  readonly winner: Side
  /** Why the loser lost. Silence is a move that is not allowed: the clock runs on, and nothing better comes. */
  readonly by: 'proof' | 'witness' | 'concession' | 'silence'
  readonly moves: number
  readonly loserMove: Move
}

const MOST_MOVES = 60

const otherSide = (side: Side): Side => (side === 'defender' ? 'challenger' : 'defender')

function assertStep(before: Position, result: MoveResult): void {
  if (result.result !== 'moved') return
  const { turn, runs, tree, firstRun } = result.position
  const isSmaller = runs <= before.runs && firstRun >= before.firstRun && tree.span >= 1
  if (turn !== before.turn + 1 || !isSmaller) throw new Error(`turn ${turn} does not follow turn ${before.turn}`)
}

/** Plays. Throws `Error` when the game breaks one of its own rules. */
export async function playGame(
  rules: Rules,
  subject: Subject,
  players: Readonly<Record<Side, Player>>,
): Promise<Played> {
  let position = openPosition(subject)
  let shown = NOTHING_SHOWN
  for (let moves = 1; moves <= MOST_MOVES; moves++) {
    const side = position.toMove
    const move = await players[side](position, shown)
    const result = applyMove(rules, subject, position, move)
    assertStep(position, result)
    if (result.result === 'won') return { winner: result.winner, by: result.by, moves, loserMove: move }
    if (result.result === 'refused') return { winner: otherSide(side), by: 'silence', moves, loserMove: move }
    shown = remember(shown, position, move, result.position)
    position = result.position
  }
  throw new Error(`a game of more than ${MOST_MOVES} moves`)
}
