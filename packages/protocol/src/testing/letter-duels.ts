/** Whole games from a seed, for the invariants of the game: who plays, over which job, and who had to win. */
import type { HashFunction } from '@cairn/primitives'
import { applyMove, type Rules } from '../dispute/apply.ts'
import { openPosition, type Position, type Side } from '../dispute/position.ts'
import { NOTHING_SHOWN, remember, type Shown } from '../dispute/shown.ts'
import { drawFrom, randomLie, randomProgram, randomStart, type Sizes } from './letter-games.ts'
import { challenger, defender, everyAnswer, fickleDefender, type Seat, wildChallenger } from './letter-players.ts'
import { letterReferee } from './letters-referee.ts'
import type { Lie } from './letters-run.ts'
import { type LetterStretch, letterSubject, letterTrace, stretch } from './letters-trace.ts'
import { type Played, playGame } from './play-game.ts'

/** `liar` sticks to a false trace; `fickle` shows other things now and then; `accuser` has a false trace; `wild` tries all. */
export type Adversary = 'liar' | 'fickle' | 'accuser' | 'wild'
export const ADVERSARIES: readonly Adversary[] = ['liar', 'fickle', 'accuser', 'wild']

export interface Duel extends Played {
  readonly adversary: Adversary
  readonly honest: Side
  readonly lie: Lie['lie']
}

interface Case {
  readonly rules: Rules
  readonly honest: LetterStretch
  readonly lying: LetterStretch
  readonly lie: Lie['lie']
}

/** One random job, and one lie about one of its runs. */
function randomCase(hash: HashFunction, seed: number, sizes: Sizes): Case {
  const draw = drawFrom(seed)
  const program = randomProgram(draw, sizes)
  const runs = program.targets.length === 1 ? 1 + draw(sizes.runs) : 1
  const start = randomStart(draw, program)
  const [firstStep, run] = [draw(100), draw(runs)]
  const lie = randomLie(draw, program)
  const honest = stretch(hash, program, start, { firstStep, runs })
  const lying = stretch(hash, program, start, { firstStep, runs }, { run, lie })
  return { rules: { hash, referee: letterReferee(hash, program) }, honest, lying, lie: lie.lie }
}

const targetsOf = (hash: HashFunction, claimed: LetterStretch) => JSON.stringify(letterSubject(hash, claimed).targets)

/** Plays one game. Undefined when the lie changes no end: then there is nothing to play about. */
export async function playDuel(
  hash: HashFunction,
  seed: number,
  sizes: Sizes,
  adversary: Adversary,
): Promise<Duel | undefined> {
  const { rules, honest, lying, lie } = randomCase(hash, seed, sizes)
  const isClaimFalse = adversary === 'liar' || adversary === 'fickle'
  if (isClaimFalse && targetsOf(hash, honest) === targetsOf(hash, lying)) return undefined
  const subject = letterSubject(hash, isClaimFalse ? lying : honest)
  const [truth, story] = [letterTrace(hash, honest), letterTrace(hash, lying)]
  const [right, wrong]: [Seat, Seat] = [
    { rules, subject, trace: truth },
    { rules, subject, trace: story },
  ]
  const draw = drawFrom(seed ^ 0x5bd1e995)
  const players = {
    liar: { defender: defender(wrong), challenger: challenger(right) },
    fickle: { defender: fickleDefender(wrong, draw), challenger: challenger(right) },
    accuser: { defender: defender(right), challenger: challenger(wrong) },
    wild: { defender: defender(right), challenger: wildChallenger(right, [truth, story], draw) },
  }[adversary]
  return {
    ...(await playGame(rules, subject, players)),
    adversary,
    lie,
    honest: isClaimFalse ? 'challenger' : 'defender',
  }
}

/** Lets a challenger try everything in every position of a game against an honest defender. Returns how much it tried. */
export async function tryEverything(
  hash: HashFunction,
  seed: number,
  sizes: Sizes,
): Promise<{ tried: number; won: number }> {
  const { rules, honest, lying } = randomCase(hash, seed, sizes)
  const subject = letterSubject(hash, honest)
  const traces = [letterTrace(hash, honest), letterTrace(hash, lying)]
  const seat = { rules, subject, trace: traces[0] as Seat['trace'] }
  const defend = defender(seat)
  const count = { tried: 0, won: 0 }
  async function visit(position: Position, shown: Shown): Promise<void> {
    const isDefenders = position.toMove === 'defender'
    const moves = isDefenders ? [await defend(position, shown)] : await everyAnswer(seat, traces, position, shown)
    for (const move of moves) {
      const result = applyMove(rules, subject, position, move)
      count.tried++
      if (result.result === 'won') count.won += Number(result.winner === 'challenger')
      else if (result.result === 'moved') await visit(result.position, remember(shown, position, move, result.position))
      else if (isDefenders) count.won++ // an honest defender that cannot move has lost
    }
  }
  await visit(openPosition(subject), NOTHING_SHOWN)
  return count
}
