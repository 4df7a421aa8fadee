/** Random challenges, moves, verdicts and what follows from them. */
import type { HashHex } from '@cairn/primitives'
import type { SettlementCalls } from '../calls.ts'
import { claimKey, type GameState, isRunning, type VoidState } from '../dispute-state.ts'
import type { JobState, LinkState, Settlement } from '../state.ts'
import type { Anchor } from '../works.ts'
import { randomRound } from './anchors.ts'
import type { Moment, Situation } from './situation.ts'

const isOpen = ({ state, now }: Moment, { anchoredAt }: LinkState): boolean =>
  now < anchoredAt + state.parameters.challengeSeconds

/** Whether somebody could challenge a work of the job. */
export const isChallengeable = ({ links, unitBond }: JobState, moment: Moment): boolean =>
  unitBond > 0n && links.some(link => isOpen(moment, link))

/** A link of the job that can be challenged, mostly; a void one; one that nobody anchored. */
function someLink(situation: Situation): Anchor {
  const { draw, state, job } = situation
  const { links } = job[1]
  const voids = [...state.voids.values()].filter(({ anchor }) => anchor.job === job[0])
  if (voids.length > 0 && draw.chance(20)) return draw.pick(voids).anchor
  const open = links.filter(link => isOpen(situation, link))
  if (open.length > 0 && draw.chance(95)) return draw.pick(open).anchor
  return links.length > 0 && draw.chance(70) ? draw.pick(links).anchor : randomRound(situation)
}

/** The link that is next to become final, mostly. */
export function nextLink(situation: Situation): Anchor {
  const { draw, job } = situation
  const { links, finalRounds } = job[1]
  const next = links[finalRounds]
  return next && draw.chance(90) ? next.anchor : someLink(situation)
}

export const isFinalisable = ({ links, finalRounds }: JobState, moment: Moment): boolean =>
  links.length > finalRounds && !isOpen(moment, links[finalRounds]!)

/** A work of some anchor; now and then one that it does not have. */
export function someWork(situation: Situation): { readonly anchor: Anchor; readonly position: number } {
  const { draw, state } = situation
  const voids: VoidState[] = [...state.voids.values()].slice(-6)
  const anchor = draw.chance(4) ? someLink(situation) : draw.pick(voids).anchor
  return { anchor, position: draw.below(anchor.works.length + anchor.audits.length + Number(draw.chance(3))) }
}

export const hasVoids = ({ state }: Moment): boolean => state.voids.size > 0
export const canCompensate = ({ state }: Moment): boolean =>
  [...state.cases.values()].some(({ isDivided, weight }) => !isDivided || weight > 0n)
export const canReport = ({ state, now }: Moment): boolean =>
  [...state.cases.values()].some(({ endsAt, job, round }) => {
    const isLater = ({ anchor }: VoidState) => anchor.job === job && anchor.round > round
    return now < endsAt && [...state.voids.values()].some(isLater)
  })

export function someCase({ draw, state, accounts }: Situation) {
  const wrong = draw.chance(95) ? draw.pick([...state.cases.keys()].slice(-4)) : (draw.hash() as HashHex)
  const reporters = [...(state.cases.get(wrong)?.reported.keys() ?? [])]
  return { wrong, account: reporters.length > 0 && draw.chance(80) ? draw.pick(reporters) : draw.pick(accounts) }
}

export const isPlaying = ({ state }: Moment): boolean => state.games.some(isRunning)
const isLost = (state: Settlement, { head, position, outer }: GameState): boolean =>
  state.claims.get(claimKey({ head, position, outer }))?.isLost === true

/** A game that is open, mostly; one that is over; one that never was. */
export function someGame({ draw, state }: Situation): number {
  const { games } = state
  const open = [...games.keys()].filter(id => isRunning(games[id]!))
  if (open.length > 0 && draw.chance(80)) return draw.pick(open)
  return games.length > 0 && draw.chance(80) ? draw.below(games.length) : games.length
}

export function someLostGame({ draw, state }: Situation): number {
  const { games } = state
  const lost = [...games.keys()].filter(id => isRunning(games[id]!) && isLost(state, games[id]!))
  return lost.length > 0 ? draw.pick(lost) : draw.below(games.length + 1)
}

/** A claim that nobody challenged yet, or one about which there was a game already. */
export function randomChallenge(situation: Situation): SettlementCalls['open'] {
  const { draw, state, job } = situation
  const played = state.games.filter(game => game.job === job[0]).slice(-4)
  const again = played.length > 0 && draw.chance(50) ? draw.pick(played) : undefined
  const anchor = again?.anchor ?? someLink(situation)
  if (again && draw.chance(90)) return { anchor, position: again.position, outer: again.outer }
  const places = anchor.works.length + anchor.audits.length
  const position = draw.below(Math.max(places, 1) + Number(draw.chance(3)))
  return { anchor, position, outer: draw.chance(30) }
}
