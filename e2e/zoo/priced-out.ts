/**
 * Who loses challenges to itself so that honest ones become too dear. A claim's challenges double the next one's bond, up to
 * the minimum stake and no further: whoever is a node can still pay.
 */
import { openGame } from '@cairn/contracts'
import { playersOf } from '../disputes/play-on-chain.ts'
import type { ProtocolCheat } from './protocol-cheat.ts'
import { booked, mustBeRefused, withParameters } from './stage.ts'
import { anchorClaim, openBy, playOut, roundsOf, wrongElement } from './stage-games.ts'

/** Of a first challenger, where everybody has staked 500,000,000: the dearest is 400,000,000, and no network may ask for more. */
const PRICES = { challengeBond: 50_000_000n, minimumStake: 400_000_000n }

export const pricedOut: ProtocolCheat = {
  name: 'prices-challengers-out',
  description:
    'loses challenges of its own wrong claim from three more accounts: each doubles the next challenger’s bond',
  threat: 'no honest node has that much at stake, and the wrong state becomes final',
  async perform(given) {
    const stage = await withParameters(given, PRICES)
    const { liar, claim } = await wrongElement(stage)
    const disputed = await anchorClaim(stage, claim)
    const { parties, honest } = stage
    const players = playersOf({ defender: liar, challenger: honest })
    const mute = { ...players, challenger: async () => undefined }
    return booked(stage, async () => {
      const accomplices = [parties.accomplice, parties.neighbour, parties.coordinator]
      for (const challenger of accomplices)
        await playOut(stage, await openBy(challenger, disputed), { players: mute, challenger })
      mustBeRefused(await openGame(accomplices[0]!, { ...disputed.charge, part: 0 }), 'AlreadyChallenged')
      const { challenger } = parties
      const state = await playOut(stage, await openBy(challenger, disputed), { players, challenger })
      return {
        end: `the fourth challenge costs eight times the first, which every node has: ${state}, and the job rewound`,
        cheaters: ['worker', 'accomplice', 'neighbour', 'coordinator'],
        isHarmed: (await roundsOf(stage, disputed.anchor)) !== 0,
      }
    })
  },
}
