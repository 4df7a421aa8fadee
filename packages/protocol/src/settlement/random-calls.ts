/**
 * Makes up calls that fit a state: mostly ones that go through, some that somebody confused or wicked would send.
 * For tests of the model, of the contracts beside the model, and for the simulator. A function of its seeds alone.
 */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { CallName, SettlementCall, SettlementCalls } from './calls.ts'
import type { EarningsTree, SettlementHashing } from './hashing.ts'
import { type Draw, drawsFrom } from './random-calls/draw.ts'
import { type EarningsMemory, randomAssertion, randomWithdrawal } from './random-calls/earnings.ts'
import { randomTerms } from './random-calls/terms.ts'
import { type JobState, newJob, nodeOf, type Settlement } from './state.ts'
import type { Account, Terms } from './terms.ts'

export interface RandomCalls {
  /** Seconds since the call before: mostly few, sometimes past every window. */
  step(seed: number): number
  next(seed: number, state: Settlement): SettlementCall
  /** Trees that were asserted, by root. */
  readonly trees: ReadonlyMap<HashHex, EarningsTree>
  /** Jobs about whose earnings somebody lied. */
  readonly dishonest: ReadonlySet<JobId>
}

interface Situation {
  readonly draw: Draw
  readonly state: Settlement
  readonly accounts: readonly Account[]
  readonly hashing: SettlementHashing
  readonly memory: EarningsMemory
  readonly job: readonly [JobId, JobState]
  readonly from: Account
}

interface Maker<Args> {
  /** How often, beside the others. */
  readonly weight: number
  /** Who would rightly make this call; left out, anybody. */
  readonly by?: (situation: Situation) => Account | undefined
  readonly args: (situation: Situation) => Args
}

const holder = ({ job }: Situation) => job[1].lease.holder
const submitter = ({ job }: Situation) => job[1].submitter
const guardian = ({ state }: Situation) => state.parameters.guardian
const hashOf = (draw: Draw): HashHex => draw.hash() as HashHex
const ofJob = ({ job }: Situation) => ({ job: job[0] })
const underLease = ({ draw, job: [key, { lease }] }: Situation) => ({
  job: key,
  epoch: lease.epoch + Number(draw.chance(4)),
})
const previousHead = ({ draw, job }: Situation) => (draw.chance(4) ? hashOf(draw) : job[1].head)

const MAKERS: { readonly [Name in CallName]: Maker<SettlementCalls[Name]> } = {
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
    }),
  },
  stake: { weight: 6, args: ({ draw }) => ({ amount: BigInt(draw.chance(4) ? 0 : draw.below(300)) }) },
  unstake: {
    weight: 4,
    args: ({ draw, state, from }) => ({ amount: BigInt(draw.below(Number(nodeOf(state, from).stake) + 9)) }),
  },
  withdrawStake: { weight: 4, args: () => ({}) },
  submit: {
    weight: 8,
    args: ({ draw, state }) => ({
      terms: randomTerms(
        draw,
        [...state.jobs.values()].map(({ terms }) => terms),
      ),
    }),
  },
  cancel: { weight: 3, by: submitter, args: ofJob },
  close: { weight: 6, args: ofJob },
  takeLease: { weight: 12, args: ofJob },
  releaseLease: { weight: 3, by: holder, args: underLease },
  anchor: {
    weight: 26,
    by: holder,
    args: situation => ({
      ...underLease(situation),
      previousHead: previousHead(situation),
      round: situation.job[1].rounds + Number(situation.draw.chance(4)),
      globalRoot: hashOf(situation.draw),
      documentId: hashOf(situation.draw),
    }),
  },
  end: {
    weight: 2,
    by: holder,
    args: situation => ({
      ...underLease(situation),
      previousHead: previousHead(situation),
      documentId: hashOf(situation.draw),
    }),
  },
  assertEarnings: {
    weight: 14,
    by: holder,
    args: ({ draw, hashing, memory, accounts, job }) => randomAssertion(draw, hashing, memory, accounts, job),
  },
  settle: { weight: 14, args: ofJob },
  withdraw: { weight: 14, args: ({ draw, memory, job }) => randomWithdrawal(draw, memory, job) },
}

const NAMES = (Object.keys(MAKERS) as CallName[]).flatMap(name => Array<CallName>(MAKERS[name].weight).fill(name))
const STEPS: readonly (readonly [number, number])[] = [
  [70, 3],
  [25, 25],
  [5, 120],
]

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
    step(seed) {
      const draw = drawsFrom(seed ^ 0xffff_ffff)
      const [, longest] = draw.pick(STEPS.flatMap(step => Array<(typeof STEPS)[number]>(step[0]).fill(step)))
      return 1 + draw.below(longest)
    },
    next(seed, state) {
      const draw = drawsFrom(seed)
      const call = draw.pick(NAMES)
      const maker = MAKERS[call] as Maker<SettlementCalls[CallName]>
      const anybody = draw.pick(accounts)
      const situation = { draw, state, accounts, hashing, memory, job: someJob(draw, state), from: anybody }
      const from = draw.chance(92) ? (maker.by?.(situation) ?? anybody) : anybody
      return { call, from, args: maker.args({ ...situation, from }) } as SettlementCall
    },
  }
}

/** One of the latest jobs, so that jobs are lived through; now and then one that nobody submitted. */
function someJob(draw: Draw, state: Settlement): readonly [JobId, JobState] {
  const latest = [...state.jobs].slice(-4)
  if (latest.length > 0 && !draw.chance(2)) return draw.pick(latest)
  const stranger: Account = `0x${'9'.repeat(40)}`
  return [draw.hash() as JobId, newJob({ ...NO_TERMS }, stranger)]
}
