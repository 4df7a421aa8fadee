/** How each call is made up: how often, by whom, for which jobs, with what arguments. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../../units.ts'
import type { CallName, SettlementCalls } from '../calls.ts'
import { NO_HASH, type SettlementHashing } from '../hashing.ts'
import { type JobState, nodeOf, type Settlement } from '../state.ts'
import type { Account } from '../terms.ts'
import type { Draw } from './draw.ts'
import { type EarningsMemory, randomAssertion, randomWithdrawal } from './earnings.ts'
import { randomTerms } from './terms.ts'

interface Situation {
  readonly draw: Draw
  readonly state: Settlement
  readonly accounts: readonly Account[]
  readonly hashing: SettlementHashing
  readonly memory: EarningsMemory
  readonly job: readonly [JobId, JobState]
  readonly from: Account
}

export interface Maker<Args> {
  /** How often, beside the others. */
  readonly weight: number
  /** Who would rightly make this call; left out, anybody. */
  readonly by?: (situation: Situation) => Account | undefined
  /** Which jobs are ready for it; left out, any. */
  readonly fits?: (job: JobState) => boolean
  readonly args: (situation: Situation) => Args
}

const holder = ({ job }: Situation) => job[1].lease.holder
const submitter = ({ job }: Situation) => job[1].submitter
const guardian = ({ state }: Situation) => state.parameters.guardian
const isAlive = ({ status }: JobState) => status === 'open' || status === 'cancelled'
const isLeased = ({ lease }: JobState) => lease.holder !== undefined
const hashOf = (draw: Draw): HashHex => draw.hash() as HashHex
const ofJob = ({ job }: Situation) => ({ job: job[0] })
const underLease = ({ draw, job: [key, { lease }] }: Situation) => ({
  job: key,
  epoch: lease.epoch + Number(draw.chance(4)),
})
const previousHead = ({ draw, job }: Situation) => (draw.chance(4) ? hashOf(draw) : job[1].head)

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
    weight: 6,
    args: ({ draw, state }) => ({
      terms: randomTerms(
        draw,
        [...state.jobs.values()].map(({ terms }) => terms),
      ),
    }),
  },
  cancel: { weight: 2, by: submitter, fits: ({ status }) => status === 'open', args: ofJob },
  close: { weight: 6, fits: ({ status }) => status !== 'open' && status !== 'closed', args: ofJob },
  takeLease: { weight: 12, fits: isAlive, args: ofJob },
  releaseLease: { weight: 3, by: holder, fits: isLeased, args: underLease },
  anchor: {
    weight: 26,
    by: holder,
    fits: job => isLeased(job) && job.status === 'open',
    args: situation => ({
      ...underLease(situation),
      previousHead: previousHead(situation),
      round: situation.job[1].rounds + Number(situation.draw.chance(4)),
      globalRoot: hashOf(situation.draw),
      documentId: hashOf(situation.draw),
    }),
  },
  end: {
    weight: 1,
    by: holder,
    fits: isLeased,
    args: situation => ({
      ...underLease(situation),
      previousHead: previousHead(situation),
      documentId: hashOf(situation.draw),
    }),
  },
  assertEarnings: {
    weight: 14,
    by: holder,
    fits: job => isLeased(job) && isAlive(job) && !job.pending,
    args: ({ draw, hashing, memory, accounts, job }) => randomAssertion(draw, hashing, memory, accounts, job),
  },
  settle: { weight: 12, fits: job => job.pending !== undefined, args: ofJob },
  withdraw: {
    weight: 14,
    fits: ({ settled }) => settled.root !== NO_HASH,
    args: ({ draw, memory, job }) => randomWithdrawal(draw, memory, job),
  },
}
