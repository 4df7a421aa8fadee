/** Cheats in a game: whoever claims something wrong and does not play as it should, and whoever accuses for nothing. */
import { type Player, playersOf } from '../disputes/play-on-chain.ts'
import { DEFENDER_BEHAVIOURS, untilStuck } from './players.ts'
import type { CheatOutcome, ProtocolCheat, Stage } from './protocol-cheat.ts'
import { booked } from './stage.ts'
import { anchorClaim, openBy, playOut, roundsOf, type Table, wrongElement } from './stage-games.ts'

/** The worker claims one wrong element; an honest challenger disputes it; the worker plays like this. */
async function defendedBy(stage: Stage, around: (liar: Player) => Player, wait?: Table['wait']): Promise<CheatOutcome> {
  const { liar, claim } = await wrongElement(stage)
  const disputed = await anchorClaim(stage, claim)
  const { challenger } = stage.parties
  return booked(stage, async () => {
    const game = await openBy(challenger, disputed)
    const honest = playersOf({ defender: liar, challenger: stage.honest })
    const players = { ...honest, defender: untilStuck(around(honest.defender)) }
    const state = await playOut(stage, game, { players, challenger, ...(wait && { wait }) })
    const isHarmed = (await roundsOf(stage, disputed.anchor)) !== 0
    return { end: `${state}; the job is back before the round`, cheaters: ['worker'], isHarmed }
  })
}

const behaving = (name: string) => DEFENDER_BEHAVIOURS.find(each => each.name === name)!.around

/** Seconds that a staller keeps for its moves: more than they take on a slow machine. */
const RESERVE_SECONDS = 15

/** Lets half of what a defender has left go by before each of its moves, so that it never runs out. */
const stalling =
  ({ network }: Stage): NonNullable<Table['wait']> =>
  async (side, secondsLeft) => {
    const wasted = Math.floor((secondsLeft - RESERVE_SECONDS) / 2)
    if (side === 'defender' && wasted > 0) await network.advance(wasted)
  }

export const gameCheats: readonly ProtocolCheat[] = [
  {
    name: 'silent-in-the-game',
    description: 'says nothing once its claim is challenged',
    threat: 'the challenger gives up',
    perform: stage => defendedBy(stage, liar => behaving('silent')(liar, stage.rules.hash)),
  },
  {
    name: 'stalls-every-move',
    description: 'lets the clock run before each of its moves, and plays on in the end',
    threat: 'the round becomes final, or the job stands still',
    perform: stage => defendedBy(stage, liar => liar, stalling(stage)),
  },
  {
    name: 'lies-about-a-child',
    description: 'shows, among true ones, a hash under which it has nothing',
    threat: 'the game narrows to where nothing can be shown',
    perform: stage => defendedBy(stage, liar => behaving('nothing-under-it')(liar, stage.rules.hash)),
  },
  {
    name: 'claims-another-program',
    description: 'says of the operator in question what the program says of another',
    threat: 'it is judged by a program that it did follow',
    perform: stage => defendedBy(stage, liar => behaving('other-program')(liar, stage.rules.hash)),
  },
  {
    name: 'blinded-garbage',
    description: 'commits to hashes of nothing in every move',
    threat: 'nobody can tell where it is wrong',
    perform: stage => defendedBy(stage, liar => behaving('blinded-garbage')(liar, stage.rules.hash)),
  },
  {
    name: 'false-accuser',
    description: 'challenges a right claim and goes by a wrong trace of its own',
    threat: 'an honest worker loses its bond, the job a round',
    async perform(stage) {
      const { liar } = await wrongElement(stage)
      const disputed = await anchorClaim(stage, stage.job.claim)
      const { challenger } = stage.parties
      return booked(stage, async () => {
        const game = await openBy(challenger, disputed)
        const { defender, challenger: accuser } = playersOf({ defender: stage.honest, challenger: liar })
        const state = await playOut(stage, game, { players: { defender, challenger: untilStuck(accuser) }, challenger })
        const isHarmed = (await roundsOf(stage, disputed.anchor)) !== 1
        return { end: `${state}; the round stands`, cheaters: ['challenger'], isHarmed }
      })
    },
  },
]
