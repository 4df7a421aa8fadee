/**
 * Makes up calls that fit a state: mostly ones that go through, some that somebody confused or wicked would send.
 * For tests of the model, of the contracts beside the model, and for the simulator. A function of its seeds alone.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { CallName, SettlementCall, SettlementCalls } from './calls.ts'
import type { EarningsTree, SettlementHashing } from './hashing.ts'
import { type Draw, drawsFrom } from './random-calls/draw.ts'
import type { EarningsMemory } from './random-calls/earnings.ts'
import { MAKERS, type Maker } from './random-calls/makers.ts'
import { type JobState, newJob, type Settlement } from './state.ts'
import type { Account, Terms } from './terms.ts'

export interface RandomCalls {
  /** When the next call comes: mostly soon, sometimes past every window, sometimes right at the border of one. */
  time(seed: number, state: Settlement, now: number): number
  next(seed: number, state: Settlement): SettlementCall
  /** Trees that were asserted, by root. */
  readonly trees: ReadonlyMap<HashHex, EarningsTree>
  /** Jobs about whose earnings somebody lied. */
  readonly dishonest: ReadonlySet<JobId>
}

const NAMES = (Object.keys(MAKERS) as CallName[]).flatMap(name => Array<CallName>(MAKERS[name].weight).fill(name))
const STRANGER: Account = `0x${'9'.repeat(40)}`
const NO_TERMS: Terms = {
  document: '1'.repeat(64) as HashHex,
  budget: 0n,
  trainPrice: 0n,
  evaluatePrice: 0n,
  custodyPrice: 0n,
  roundPrice: 0n,
  rounds: 1,
  replicas: 1,
  evaluations: 0,
  custodians: 0,
}

export function createRandomCalls(hashing: SettlementHashing, accounts: readonly Account[]): RandomCalls {
  const memory: EarningsMemory = { trees: new Map(), dishonest: new Set() }
  return {
    trees: memory.trees,
    dishonest: memory.dishonest,
    time: (seed, state, now) => someTime(drawsFrom(seed ^ 0xffff_ffff), state, now),
    next(seed, state) {
      const draw = drawsFrom(seed)
      const call = someCall(draw, state)
      const maker = makerOf(call)
      const anybody = draw.pick(accounts)
      const situation = { draw, state, accounts, hashing, memory, job: someJob(draw, state, maker.fits), from: anybody }
      const rightful = maker.by?.(situation)
      const from = rightful && accounts.includes(rightful) && draw.chance(92) ? rightful : anybody
      return { call, from, args: maker.args({ ...situation, from }) } as SettlementCall
    },
  }
}

const makerOf = (call: CallName) => MAKERS[call] as Maker<SettlementCalls[CallName]>

const latestJobs = ({ jobs }: Settlement): [JobId, JobState][] => [...jobs].slice(-5)

/** Seconds that most steps stay below, and how often. */
const STEPS = [3, 3, 3, 3, 3, 3, 25, 25, 25, 120]

function someTime(draw: Draw, state: Settlement, now: number): number {
  const borders = bordersOf(state).map(border => border + draw.below(3) - 1)
  const soon = borders.filter(border => border > now && border <= now + 120)
  if (soon.length > 0 && draw.chance(20)) return draw.pick(soon)
  return now + 1 + draw.below(draw.pick(STEPS))
}

/** Times at which something becomes possible or impossible. */
function bordersOf(state: Settlement): number[] {
  const jobs = latestJobs(state).flatMap(([, job]) => [
    job.lease.expiresAt,
    job.cancelEndsAt,
    ...(job.pending ? [job.pending.settlesAt] : []),
  ])
  const nodes = [...state.nodes.values()].map(({ unbondsAt }) => unbondsAt)
  return [state.pausedUntil, state.pausableFrom, ...jobs, ...nodes]
}

/** A call for which some job is ready; now and then any. */
function someCall(draw: Draw, state: Settlement): CallName {
  const any = draw.pick(NAMES)
  if (draw.chance(10)) return any
  const jobs = latestJobs(state)
  const timely = NAMES.filter(name => {
    const { fits } = makerOf(name)
    return !fits || jobs.some(([, job]) => fits(job))
  })
  return draw.pick(timely)
}

/** One of the latest jobs that is ready for the call; now and then another, or one that nobody submitted. */
function someJob(draw: Draw, state: Settlement, fits = (_: JobState) => true): readonly [JobId, JobState] {
  const latest = latestJobs(state)
  const ready = latest.filter(([, job]) => fits(job))
  if (ready.length > 0 && draw.chance(93)) return draw.pick(ready)
  return latest.length > 0 && draw.chance(80) ? draw.pick(latest) : [draw.hash() as JobId, newJob(NO_TERMS, STRANGER)]
}
