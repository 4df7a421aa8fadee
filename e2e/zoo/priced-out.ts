/**
 * Who loses challenges to itself until nobody can afford the next one. It costs a multiple of what it brings, but the wrong
 * state stands: a price for sabotage, which no bond forbids.
 */
import { finaliseRound, openGame } from '@cairn/contracts'
import { playersOf } from '../disputes/play-on-chain.ts'
import type { ProtocolCheat } from './protocol-cheat.ts'
import { booked, CHALLENGE_SECONDS, mustBe, mustBeRefused, withParameters } from './stage.ts'
import { anchorClaim, openBy, playOut, roundsOf, wrongElement } from './stage-games.ts'

/** Of a first challenger: a fifth of what everybody has staked. The fourth has to lock more than that. */
const CHALLENGE_BOND = 100_000_000n

export const pricedOut: ProtocolCheat = {
  name: 'prices-challengers-out',
  description:
    'loses challenges of its own wrong claim from three more accounts: each doubles the next challenger’s bond',
  threat: 'no honest node has that much at stake, and the wrong state becomes final',
  async perform(given) {
    const stage = await withParameters(given, { challengeBond: CHALLENGE_BOND })
    const { liar, claim } = await wrongElement(stage)
    const disputed = await anchorClaim(stage, claim)
    const { parties, honest, network } = stage
    const players = { ...playersOf({ defender: liar, challenger: honest }), challenger: async () => undefined }
    return booked(stage, async () => {
      for (const challenger of [parties.accomplice, parties.neighbour, parties.coordinator])
        await playOut(stage, await openBy(challenger, disputed), { players, challenger })
      mustBeRefused(await openGame(parties.challenger, { ...disputed.charge, part: 0 }), 'StakeTooLow')
      await network.advance(CHALLENGE_SECONDS)
      mustBe(await finaliseRound(parties.submitter, disputed.anchor))
      const end = 'the honest challenger has not enough at stake: **the wrong round is final**, for a price of 100'
      const isHarmed = (await roundsOf(stage, disputed.anchor)) !== 0
      return { end, cheaters: ['worker', 'accomplice', 'neighbour', 'coordinator'], isHarmed }
    })
  },
}
