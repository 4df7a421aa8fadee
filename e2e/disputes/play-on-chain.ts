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
  type Side,
  type Subject,
  type TraceProvider,
} from '@cairn/protocol'

export interface PlayedOnChain {
  readonly winner: Side
  readonly by: string
  readonly moves: number
  readonly bytes: number
  readonly largestMove: number
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

/** Plays to the end. Throws `Error` where the two disagree. */
export async function playOnChain(
  { rules, chain, subject, isPriced }: Table,
  traces: Readonly<Record<Side, TraceProvider>>,
): Promise<PlayedOnChain> {
  let position: Position = openPosition(subject)
  let shown = NOTHING_SHOWN
  const sum = { bytes: 0, largestMove: 0, gas: 0n, lastGas: 0n }
  for (let moves = 1; moves <= MOST_MOVES; moves++) {
    const side = position.toMove
    const move: Move =
      side === 'defender'
        ? await defend(rules, traces.defender, subject, position)
        : await challenge(rules, traces.challenger, subject, position, shown)
    const own = applyMove(rules, subject, position, move)
    const theirs = await chain.play(subject, position, move)
    const isSame = own.result === 'refused' ? theirs.result === 'refused' : isDeepStrictEqual(own, theirs)
    if (!isSame) throw new Error(`after ${move.move}: ${text(own)} here, ${text(theirs)} on the chain`)
    if (isPriced && own.result !== 'refused') {
      const { bytes, gas } = await chain.cost(subject, position, move)
      sum.bytes += bytes
      sum.largestMove = Math.max(sum.largestMove, bytes)
      sum.gas += gas
      sum.lastGas = gas
    }
    if (own.result === 'won') return { winner: own.winner, by: own.by, moves, ...sum }
    if (own.result === 'refused') return { winner: other(side), by: 'silence', moves, ...sum }
    shown = remember(shown, position, move, own.position)
    position = own.position
  }
  throw new Error(`a game of more than ${MOST_MOVES} moves`)
}

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? `${v.length} bytes` : v)).slice(0, 2000)
