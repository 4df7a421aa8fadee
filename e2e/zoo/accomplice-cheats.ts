/** Cheats with a second account: who challenges itself, to lose or to win, and who has a verifier of its own. */
import { localParameters, readGame } from '@cairn/contracts'
import { deterrenceOf, type Terms, unitBondFor } from '@cairn/protocol'
import { anchorNext, attestedBy } from '../disputes/next-round.ts'
import { playersOf } from '../disputes/play-on-chain.ts'
import { untilStuck } from './players.ts'
import type { ProtocolCheat, Stage } from './protocol-cheat.ts'
import { booked } from './stage.ts'
import { anchorClaim, openBy, playOut, roundsOf, wrongElement } from './stage-games.ts'

/** A claim that began from another state than its replica was left in: lost as soon as somebody challenges it. */
const otherStart = ({ job }: Stage) => ({ ...job.claim, replicaRoot: '7'.repeat(64) as typeof job.claim.replicaRoot })

const MILLION = 1_000_000n

/** What a unit that is made up brings on average where only those who are drawn look, some of them being the cheater's. */
function expectedProfit(terms: Terms): bigint {
  const { colludingShare } = localParameters
  const { expectedBurn, holds } = deterrenceOf(terms, unitBondFor(terms, colludingShare)!, colludingShare)
  if (!holds) throw new Error('the bond does not deter')
  return terms.trainPrice - expectedBurn / MILLION ** BigInt(terms.verifiers + 1)
}

export const accompliceCheats: readonly ProtocolCheat[] = [
  {
    name: 'sybil-loses-to-itself',
    description: 'challenges its own wrong claim from another account, and says nothing in that game',
    threat: 'the lost game settles the claim, so that nobody else can dispute it',
    async perform(stage) {
      const { liar, claim } = await wrongElement(stage)
      const disputed = await anchorClaim(stage, claim)
      const { accomplice, challenger } = stage.parties
      return booked(stage, async () => {
        const players = playersOf({ defender: liar, challenger: stage.honest })
        const mute = { ...players, challenger: async () => undefined }
        const shield = await openBy(accomplice, disputed)
        const lost = await playOut(stage, shield, { players: mute, challenger: accomplice })
        const game = await openBy(challenger, disputed)
        const { bond } = await readGame(challenger, game)
        const honest = { ...players, defender: untilStuck(players.defender) }
        const state = await playOut(stage, game, { players: honest, challenger })
        const end = `${lost}, then ${state} by an honest challenger, whose bond was ${bond} for as long as it took`
        const isHarmed = (await roundsOf(stage, disputed.anchor)) !== 0
        return { end, cheaters: ['worker', 'accomplice'], isHarmed }
      })
    },
  },
  {
    name: 'reports-itself',
    description: 'proves its own claim wrong from another account once the beacon has chosen it',
    threat: 'its own bond comes back to it as the reward',
    async perform(stage) {
      const disputed = await anchorClaim(stage, otherStart(stage))
      const { accomplice } = stage.parties
      return booked(stage, async () => {
        const { state } = await readGame(accomplice, await openBy(accomplice, disputed))
        const isHarmed = (await roundsOf(stage, disputed.anchor)) !== 0
        return { end: `${state}; half of the bond is burned`, cheaters: ['worker', 'accomplice'], isHarmed }
      })
    },
  },
  {
    name: 'has-a-verifier',
    description: 'does not do its unit; a verifier of its own attests to it, and the next round pays for that',
    threat: 'who was to look says that all is well',
    async perform(stage) {
      const { liar, claim } = await wrongElement(stage)
      const disputed = await anchorClaim(stage, claim)
      const { accomplice, challenger } = stage.parties
      return booked(stage, async () => {
        const attested = await attestedBy(accomplice, disputed.anchor, { index: 1, segment: 0 })
        const link = await anchorNext(stage.network, disputed.anchor, [attested])
        const players = playersOf({ defender: liar, challenger: stage.honest })
        const table = { players: { ...players, defender: untilStuck(players.defender) }, challenger }
        const state = await playOut(stage, await openBy(challenger, disputed), table)
        const about = { ...disputed.charge, anchor: link, position: link.works.length }
        const game = await openBy(challenger, { charge: about })
        const verifier = await playOut(stage, game, { ...table, defender: accomplice })
        const fee = 'the round with the fee for attesting is void, too'
        const alone = `where only who is drawn looks, a unit brings ${expectedProfit(disputed.terms)} on average`
        const end = `${state} by a third party, and its verifier’s attestation ${verifier}; ${fee}; ${alone}`
        const isHarmed = (await roundsOf(stage, disputed.anchor)) !== 0
        return { end, cheaters: ['worker', 'accomplice'], isHarmed }
      })
    },
  },
]
