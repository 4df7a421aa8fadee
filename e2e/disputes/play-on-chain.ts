/** Plays a game by two sets of rules at once, those of `protocol` and those of the contract, and compares every position. */
import { isDeepStrictEqual } from 'node:util'
import type { RulesOnChain } from '@cairn/contracts/conformance'
import {
  applyMove,
  challenge,
  defend,
  type Move,
  NOTHING_SHOWN,
  openPosition,
  type Position,
  type Rules,
  remember,
  type Shown,
  type Side,
  type Subject,
  type TraceProvider,
} from '@cairn/protocol'

export interface PlayedOnChain {
  readonly winner: Side
  readonly by: string
  /** Where the last move was made, and all moves. */
  readonly position: Position
  readonly path: readonly Move[]
  readonly moves: number
  readonly bytes: number
  readonly largestMove: number
  readonly lastBytes: number
  readonly gas: bigint
  readonly lastGas: bigint
}

const MOST_MOVES = 60
const other = (side: Side): Side => (side === 'defender' ? 'challenger' : 'defender')

interface Table {
  readonly rules: Rules
  readonly chain: RulesOnChain
  readonly subject: Subject
  /** Whether to ask what every move costs. */
  readonly isPriced: boolean
}

/** Chooses a side's next move; none is silence until the clock has run out. */
export type Player = (rules: Rules, subject: Subject, position: Position, shown: Shown) => Promise<Move | undefined>

/** Parties that go by their traces. */
export const playersOf = ({
  defender,
  challenger,
}: Readonly<Record<Side, TraceProvider>>): Readonly<Record<Side, Player>> => ({
  defender: (rules, subject, position) => defend(rules, defender, subject, position),
  challenger: (rules, subject, position, shown) => challenge(rules, challenger, subject, position, shown),
})

/** Plays to the end between parties that go by their traces. Throws `Error` where the two sets of rules disagree. */
export const playOnChain = (table: Table, traces: Readonly<Record<Side, TraceProvider>>): Promise<PlayedOnChain> =>
  playBetween(table, playersOf(traces))

/** Plays to the end. Throws `Error` where the two sets of rules disagree. */
export async function playBetween(
  { rules, chain, subject, isPriced }: Table,
  players: Readonly<Record<Side, Player>>,
): Promise<PlayedOnChain> {
  let position: Position = openPosition(subject)
  let shown = NOTHING_SHOWN
  const path: Move[] = []
  const sum = { bytes: 0, largestMove: 0, lastBytes: 0, gas: 0n, lastGas: 0n }
  for (let moves = 1; moves <= MOST_MOVES; moves++) {
    const side = position.toMove
    const move = await players[side](rules, subject, position, shown)
    if (move === undefined) return { winner: other(side), by: 'silence', position, path, moves: moves - 1, ...sum }
    path.push(move)
    const own = applyMove(rules, subject, position, move)
    const theirs = await chain.play(subject, position, move)
    const isSame = own.result === 'refused' ? theirs.result === 'refused' : isDeepStrictEqual(own, theirs)
    if (!isSame) throw new Error(`after ${move.move}: ${text(own)} here, ${text(theirs)} on the chain`)
    if (isPriced && own.result !== 'refused') {
      const { bytes, gas } = await chain.cost(subject, position, move)
      sum.bytes += bytes
      sum.largestMove = Math.max(sum.largestMove, bytes)
      sum.lastBytes = bytes
      sum.gas += gas
      sum.lastGas = gas
    }
    if (own.result === 'won') return { winner: own.winner, by: own.by, position, path, moves, ...sum }
    if (own.result === 'refused') return { winner: other(side), by: 'silence', position, path, moves, ...sum }
    shown = remember(shown, position, move, own.position)
    position = own.position
  }
  throw new Error(`a game of more than ${MOST_MOVES} moves`)
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? `${v.length} bytes` : v)).slice(0, 2000)
