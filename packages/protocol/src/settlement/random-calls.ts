/**
 * Makes up calls that fit a state: mostly ones that go through, some that somebody confused or wicked would send.
 * For tests of the model, of the contracts beside the model, and for the simulator. A function of its seeds alone.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { CallName, SettlementCall, SettlementCalls } from './calls.ts'
import { isRunning } from './dispute-state.ts'
import { type EarningsTree, NO_HASH, type SettlementHashing } from './hashing.ts'
import { type Draw, drawsFrom } from './random-calls/draw.ts'
import { MAKERS } from './random-calls/makers.ts'
import type { EarningsMemory, Maker, Moment, Sign } from './random-calls/situation.ts'
import { clockOf } from './rules/disputes.ts'
import { type JobState, newJob, type Settlement } from './state.ts'
import type { Account, Terms } from './terms.ts'

export interface RandomCalls {
  /** When the next call comes: mostly soon, sometimes past every window, sometimes right at the border of one. */
  time(seed: number, state: Settlement, now: number): number
  next(seed: number, state: Settlement, now: number): SettlementCall
  /** Trees that were asserted, by root. */
  readonly trees: ReadonlyMap<HashHex, EarningsTree>
  /** Jobs about whose earnings somebody lied. */
  readonly dishonest: ReadonlySet<JobId>
}

const NAMES = (Object.keys(MAKERS) as CallName[]).flatMap(name => Array<CallName>(MAKERS[name].weight).fill(name))
const STRANGER: Account = `0x${'9'.repeat(40)}`
const NO_TERMS: Terms = {
  document: '1'.repeat(64) as HashHex,
  provable: NO_HASH,
  budget: 0n,
  trainPrice: 0n,
  evaluatePrice: 0n,
  custodyPrice: 0n,
  roundPrice: 0n,
  auditPrice: 0n,
  rounds: 1,
  replicas: 1,
  evaluateEvery: 0,
  custodians: 0,
  auditRate: 0,
  maximumUnsettled: 1,
  verifiers: 0,
  policy: 0,
}

/** Makes up calls by these accounts; `sign` signs for all of them. */
export function createRandomCalls(hashing: SettlementHashing, sign: Sign, accounts: readonly Account[]): RandomCalls {
  const memory: EarningsMemory = { trees: new Map(), dishonest: new Set(), claims: new Map() }
  return {
    trees: memory.trees,
    dishonest: memory.dishonest,
    time: (seed, state, now) => someTime(drawsFrom(seed ^ 0xffff_ffff), state, now),
    next(seed, state, now) {
      const draw = drawsFrom(seed)
      const call = someCall(draw, { state, now })
      const maker = makerOf(call)
      const anybody = draw.pick(accounts)
      const job = someJob(draw, { state, now }, maker.fits)
      const situation = { draw, state, now, accounts, hashing, sign, memory, job, from: anybody }
      const rightful = maker.by?.(situation)
      const from = rightful && accounts.includes(rightful) && draw.chance(92) ? rightful : anybody
      return { call, from, args: maker.args({ ...situation, from }) } as SettlementCall
    },
  }
}

const makerOf = (call: CallName) => MAKERS[call] as Maker<SettlementCalls[CallName]>

const latestJobs = ({ jobs }: Settlement): [JobId, JobState][] => [...jobs].slice(-5)

/** Seconds that most steps stay below, and how often. */
const STEPS = [...Array<number>(36).fill(2), 25, 25, 25, 120]

function someTime(draw: Draw, state: Settlement, now: number): number {
  const borders = bordersOf(state).map(border => border + draw.below(3) - 1)
  const soon = borders.filter(border => border > now && border <= now + 25)
  if (soon.length > 0 && draw.chance(12)) return draw.pick(soon)
  return now + draw.below(draw.pick(STEPS) + 1)
}

/** Times at which something becomes possible or impossible. */
function bordersOf(state: Settlement): number[] {
  const jobs = latestJobs(state).flatMap(([, job]) => [
    job.lease.expiresAt,
    job.cancelEndsAt,
    ...(job.pending ? [job.pending.settlesAt] : []),
    ...job.links.slice(job.finalRounds).map(({ anchoredAt }) => anchoredAt + state.parameters.challengeSeconds),
  ])
  const games = state.games.filter(isRunning).map(game => clockOf(state, game))
  const cases = [...state.cases.values()].map(({ endsAt }) => endsAt)
  const nodes = [...state.nodes.values()].map(({ unbondsAt }) => unbondsAt)
  return [state.pausedUntil, state.pausableFrom, ...jobs, ...games, ...cases, ...nodes]
}

/** A call for which some job is ready; now and then any. */
function someCall(draw: Draw, moment: Moment): CallName {
  const any = draw.pick(NAMES.filter(name => makerOf(name).isTimely?.(moment) ?? true))
  if (draw.chance(10)) return any
  const jobs = latestJobs(moment.state)
  const timely = NAMES.filter(name => {
    const { fits, isTimely } = makerOf(name)
    return (!fits || jobs.some(([, job]) => fits(job, moment))) && (!isTimely || isTimely(moment))
  })
  return draw.pick(timely)
}

type Fits = NonNullable<Maker<never>['fits']>

/** One of the latest jobs that is ready for the call; now and then another, or one that nobody submitted. */
function someJob(draw: Draw, moment: Moment, fits: Fits = () => true): readonly [JobId, JobState] {
  const latest = latestJobs(moment.state)
  const ready = latest.filter(([, job]) => fits(job, moment))
  if (ready.length > 0 && draw.chance(93)) return draw.pick(ready)
  return latest.length > 0 && draw.chance(80)
    ? draw.pick(latest)
    : [draw.hash() as JobId, newJob(NO_TERMS, STRANGER, 0n)]
}
