/** How dishonest parties play a game: functions around an honest one. What they do not say, the rules never hear. */
import { encodeUtf8, type HashFunction, hashToHex } from '@cairn/primitives'
import { challenge, type DefenderMove, type Move, type Position, type TraceProvider } from '@cairn/protocol'
import type { Player } from '../disputes/play-on-chain.ts'

type Reveal = Extract<DefenderMove, { move: 'reveal' }>

export interface DefenderBehaviour {
  readonly name: string
  /** For people: what it does. */
  readonly description: string
  readonly around: (honest: Player, hash: HashFunction) => Player
}

/** A hash that nobody knows a leaf under. */
const madeUpHash = (hash: HashFunction, of: number) => hashToHex(hash(encodeUtf8(`made up ${of}`)))

/** Changes what is shown of a tree. */
const changing =
  (honest: Player, change: (move: Reveal, position: Position) => Move): Player =>
  async (rules, subject, position, shown) => {
    const move = await honest(rules, subject, position, shown)
    return move?.move === 'reveal' ? change(move, position) : move
  }

/** Nothing is known of the tree yet, so any hashes are allowed. */
const isFirst = ({ node }: Position): boolean => node === undefined

export const DEFENDER_BEHAVIOURS: readonly DefenderBehaviour[] = [
  {
    name: 'silent',
    description: 'says nothing at all once its claim is challenged',
    around: () => async () => undefined,
  },
  {
    name: 'nothing-under-it',
    description: 'shows, among true ones, a hash under which it has nothing',
    around: (honest, hash) =>
      changing(honest, (move, position) =>
        isFirst(position) ? { ...move, hashes: move.hashes.with(0, madeUpHash(hash, 0)) } : move,
      ),
  },
  {
    name: 'other-program',
    description: 'says of the operator in question what the program says of another',
    around: honest =>
      changing(honest, ({ operatorLeaf, ...move }) =>
        operatorLeaf ? { ...move, operatorLeaf: { ...operatorLeaf, index: operatorLeaf.index - 1 } } : move,
      ),
  },
  {
    name: 'blinded-garbage',
    description: 'commits to hashes of nothing, for all operators of the run in question',
    around: (honest, hash) =>
      changing(honest, move => ({ ...move, hashes: move.hashes.map((_, i) => madeUpHash(hash, i)) })),
  },
]

/** A party that stops to play where it has nothing to say: what an honest one would call a bug is its lie. */
export const untilStuck =
  (player: Player): Player =>
  async (...turn) => {
    try {
      return await player(...turn)
    } catch {
      return undefined
    }
  }

/** A challenger that disputes a run (one of at most 16) whatever its end, and goes by its trace from there. */
export const prying =
  (trace: TraceProvider, run: number): Player =>
  async (rules, subject, position, shown) => {
    if (position.phase === 'runs') return { move: 'pick', child: run }
    return challenge(rules, trace, subject, position, shown)
  }
