/** What becomes of anchored rounds: final, or void. Twin of Rounds.sol. */
import type { HashHex } from '@cairn/primitives'
import { isRunning, workKey } from '../dispute-state.ts'
import type { SettlementHashing } from '../hashing.ts'
import { andThen, done, type Outcome, type Rules, refuse } from '../rule.ts'
import { type JobState, type LinkState, type Settlement, withJob } from '../state.ts'
import { type Anchor, answeringIn } from '../works.ts'
import { bondAt } from './links.ts'
import { unlock } from './registry.ts'

export const roundRules: Rules<'finalise' | 'release'> = {
  finalise(state, { anchor }, { now, hashing }) {
    const { job: key, round } = anchor
    const job = state.jobs.get(key)
    const head = hashing.anchorHead(anchor)
    const link = job?.links[round]
    if (!job || link?.head !== head) return refuse('BadRecord')
    if (round !== job.finalRounds) return refuse('WrongRound')
    if (now < link.anchoredAt + state.parameters.challengeSeconds) return refuse('ChallengeWindowOpen')
    if (state.games.some(game => isRunning(game) && game.head === head)) return refuse('DisputeOpen')
    const final = withJob(state, key, { ...job, finalRounds: round + 1 })
    const said = done(final, { event: 'Finalised', args: { job: key, round, head } })
    return answeringIn(anchor).reduce<Outcome>((outcome, account, place) => {
      const bond = state.bonds.has(workKey(head, place)) ? 0n : bondAt(state, anchor, place)
      return bond === 0n ? outcome : andThen(outcome, rest => unlock(rest, account, bond))
    }, said)
  },

  release(state, { anchor, position }, { now, hashing }) {
    const head = hashing.anchorHead(anchor)
    const gone = state.voids.get(head)
    const account = answeringIn(anchor)[position]
    if (!gone) return refuse('NotVoid')
    if (account === undefined) return refuse('BadRecord')
    if (now < gone.until) return refuse('ChallengeWindowOpen')
    const key = workKey(head, position)
    const isDisputed = state.games.some(game => isRunning(game) && workKey(game.head, game.position) === key)
    if (isDisputed) return refuse('DisputeOpen')
    if (state.bonds.has(key)) return refuse('BondGone')
    const bonds = new Map(state.bonds).set(key, 'freed' as const)
    const { job } = anchor
    const bond = bondAt(state, anchor, position)
    const freed = done({ ...state, bonds }, { event: 'BondFreed', args: { job, head, position, account } })
    return bond === 0n ? freed : andThen(freed, rest => unlock(rest, account, bond))
  },
}

/** Returns until when what a link, standing or void, holds can be challenged; undefined for no link of the job. */
export function challengeableUntil(state: Settlement, { job, round }: Anchor, head: HashHex): number | undefined {
  const gone = state.voids.get(head)
  if (gone) return gone.until
  const link = state.jobs.get(job)?.links[round]
  return link?.head === head ? link.anchoredAt + state.parameters.challengeSeconds : undefined
}

/** A round in which a claim was proven wrong. */
export interface Wrong {
  readonly job: JobState
  readonly head: HashHex
  readonly anchor: Anchor
}

/** Takes a refuted round and all after it out of its chain; nothing where it is void already. */
export function rewind(state: Settlement, { job, head, anchor }: Wrong, hashing: SettlementHashing): Outcome {
  const { round } = anchor
  if (job.links[round]?.head !== head) return done(state)
  const voids = new Map(state.voids)
  for (const link of job.links.slice(round)) voids.set(link.head, voided(state, link, head))
  const next = hashing.rewindHead(job.head, round)
  const links = job.links.slice(0, round)
  const before = { root: anchor.previousRoot, claims: anchor.previousClaims }
  const back = { ...job, links, rounds: round, isEnded: false, head: next, ...before }
  const args = { job: anchor.job, round, wrong: head, head: next }
  return done(withJob({ ...state, voids }, anchor.job, back), { event: 'Rewound', args })
}

const voided = ({ parameters }: Settlement, { anchor, anchoredAt }: LinkState, by: HashHex) => ({
  anchor,
  by,
  until: anchoredAt + parameters.challengeSeconds,
})
