/** How each call is made up: how often, by whom, for which jobs, with what arguments. */
import type { HashHex } from '@cairn/primitives'
import type { CallName, SettlementCalls } from '../calls.ts'
import { NO_HASH } from '../hashing.ts'
import { type JobState, nodeOf } from '../state.ts'
import type { Anchor } from '../works.ts'
import { randomEnd, randomRound, someSolvent } from './anchors.ts'
import { shownClaims } from './claims.ts'
import * as disputes from './disputes.ts'
import type { Draw } from './draw.ts'
import { randomAssertion, randomCount, randomEarningsChallenge, randomWithdrawal } from './earnings.ts'
import { canInclude, randomInclusion } from './inclusions.ts'
import type { Maker, Moment, Situation } from './situation.ts'
import { randomTerms } from './terms.ts'

const holder = ({ job }: Situation) => job[1].lease.holder
const submitter = ({ job }: Situation) => job[1].submitter
const guardian = ({ state }: Situation) => state.parameters.guardian
const isAlive = ({ status }: JobState) => status === 'open' || status === 'cancelled'
const isVacant = (job: JobState, { now }: Moment) => isAlive(job) && (!isLeased(job) || now >= job.lease.expiresAt)
const isLeased = ({ lease }: JobState) => lease.holder !== undefined
const canGrow = ({ status, isEnded, rounds, terms }: JobState) => status === 'open' && !isEnded && rounds < terms.rounds
const isContestable = ({ pending }: JobState, { now }: Moment) => pending !== undefined && now < pending.settlesAt
const hashOf = (draw: Draw): HashHex => draw.hash() as HashHex
const ofJob = ({ job }: Situation) => ({ job: job[0] })
const underLease = ({ draw, job: [key, { lease }] }: Situation) => ({
  job: key,
  epoch: lease.epoch + Number(draw.chance(4)),
})
const leaseEpoch = ({ draw, job }: Situation) => job[1].lease.epoch + Number(draw.chance(2))
const addingLink = (situation: Situation, anchor: Anchor): SettlementCalls['anchor'] => ({
  ...{ epoch: leaseEpoch(situation), anchor },
  claims: shownClaims(situation, anchor),
})
const player = (situation: Situation) => {
  const game = situation.state.games[disputes.someGame(situation)]
  return game?.turn === 'challenger' ? game.challenger : game?.defender
}

export const MAKERS: { readonly [Name in CallName]: Maker<SettlementCalls[Name]> } = {
  mint: {
    weight: 2,
    args: ({ draw, accounts }) => ({
      to: draw.pick(accounts),
      amount: draw.chance(20) ? 10n ** 12n + 1n : BigInt(draw.below(400)),
    }),
  },
  pause: { weight: 1, by: guardian, args: () => ({}) },
  unpause: { weight: 1, by: guardian, args: () => ({}) },
  approveNode: {
    weight: 2,
    args: ({ draw, accounts }) => ({ node: draw.pick(accounts), approved: draw.chance(80) }),
  },
  register: {
    weight: 5,
    args: ({ draw, accounts, from }) => ({
      peerKey: draw.chance(5) ? ('0'.repeat(64) as HashHex) : hashOf(draw),
      signature: [hashOf(draw), hashOf(draw)],
      owner: draw.chance(70) ? from : draw.pick(accounts),
      verifies: draw.chance(50),
    }),
  },
  stake: {
    weight: 5,
    args: ({ draw }) => ({ amount: draw.pick([0n, 1_000_000n, ...Array(20).fill(BigInt(draw.below(300)))]) }),
  },
  unstake: {
    weight: 4,
    args: ({ draw, state, from }) => ({ amount: BigInt(draw.below(Number(nodeOf(state, from).stake) + 9)) }),
  },
  withdrawStake: { weight: 4, args: () => ({}) },
  submit: {
    weight: 4,
    args: ({ draw, state }) => ({
      terms: randomTerms(
        draw,
        [...state.jobs.values()].map(({ terms }) => terms),
      ),
    }),
  },
  cancel: { weight: 2, by: submitter, fits: ({ status }) => status === 'open', args: ofJob },
  close: { weight: 6, fits: ({ status }) => status !== 'open' && status !== 'closed', args: ofJob },
  takeLease: { weight: 16, fits: isVacant, args: ofJob },
  releaseLease: { weight: 3, by: holder, fits: isLeased, args: underLease },
  anchor: {
    weight: 40,
    by: holder,
    fits: job => isLeased(job) && canGrow(job),
    args: situation => addingLink(situation, randomRound(situation)),
  },
  end: {
    weight: 2,
    by: holder,
    fits: job => isLeased(job) && isAlive(job) && !job.isEnded,
    args: situation => addingLink(situation, randomEnd(situation)),
  },
  include: {
    weight: 12,
    by: situation => someSolvent(situation),
    fits: job => isLeased(job) && canGrow(job) && canInclude(job),
    args: situation => randomInclusion(situation),
  },
  finalise: {
    weight: 30,
    fits: disputes.isFinalisable,
    args: situation => ({ anchor: disputes.nextLink(situation) }),
  },
  release: { weight: 6, isTimely: disputes.hasVoids, args: situation => disputes.someWork(situation) },
  open: { weight: 24, fits: disputes.isChallengeable, args: situation => disputes.randomChallenge(situation) },
  move: {
    weight: 12,
    by: player,
    isTimely: disputes.isPlaying,
    args: situation => ({ game: disputes.someGame(situation) }),
  },
  rule: {
    weight: 8,
    by: guardian,
    isTimely: disputes.isPlaying,
    args: situation => ({ game: disputes.someGame(situation), defended: situation.draw.chance(45) }),
  },
  timeout: {
    weight: 8,
    isTimely: disputes.isPlaying,
    args: situation => ({ game: disputes.someGame(situation) }),
  },
  dissolve: {
    weight: 8,
    isTimely: disputes.isPlaying,
    args: situation => ({ game: (situation.draw.chance(70) ? disputes.someLostGame : disputes.someGame)(situation) }),
  },
  report: { weight: 16, isTimely: disputes.canReport, args: situation => disputes.someWork(situation) },
  compensate: { weight: 6, isTimely: disputes.canCompensate, args: situation => disputes.someCase(situation) },
  assertEarnings: {
    weight: 14,
    by: holder,
    fits: job => isLeased(job) && isAlive(job) && !job.pending && job.finalRounds > job.settled.rounds,
    args: situation => randomAssertion(situation),
  },
  count: { weight: 14, fits: isContestable, args: situation => randomCount(situation) },
  challengeEarnings: {
    weight: 14,
    fits: isContestable,
    args: situation => randomEarningsChallenge(situation),
  },
  settle: { weight: 12, fits: job => job.pending !== undefined, args: ofJob },
  withdraw: {
    weight: 14,
    fits: ({ settled }) => settled.root !== NO_HASH,
    args: situation => randomWithdrawal(situation),
  },
}
