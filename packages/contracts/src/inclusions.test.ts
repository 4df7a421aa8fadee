import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  custodyMessage,
  type JobId,
  leaseMessage,
  type Settlement,
  type SettlementCalls,
  type UnitLease,
} from '@cairn/protocol'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Players } from './conformance.ts'
import { type LocalChain, startLocalChain } from './index.ts'
import { adding, nextRound } from './testing/next-round.ts'
import { type Line, line, ofJob, play as playLines } from './testing/script.ts'

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

const play = (lines: readonly Line[]) => playLines(chain, lines)

const GUARDIAN = 1
const COORDINATOR = 1
const OTHER = 2
const WORKER = 3
const CUSTODIAN = 4
/** When the lease of a unit ends: long after every line here. */
const LATER = 10_000_000_000

const terms = {
  document: 'd'.repeat(64) as HashHex,
  provable: 'e'.repeat(64) as HashHex,
  budget: 1_000n,
  trainPrice: 10n,
  evaluatePrice: 0n,
  custodyPrice: 0n,
  roundPrice: 0n,
  auditPrice: 0n,
  rounds: 2,
  replicas: 2,
  evaluateEvery: 0,
  custodians: 1,
  auditRate: 1_000_000,
  maximumUnsettled: 2,
  verifiers: 1,
  policy: 1,
}
const submit = (change: Partial<typeof terms> = {}) => line(0, 0, 'submit', () => ({ terms: { ...terms, ...change } }))

interface Change extends Partial<Omit<UnitLease, 'signature'>> {
  readonly by?: number
  readonly worker?: number
  readonly keeper?: number
  readonly kept?: number
}

/** The unit of WORKER in round 0, index 1, as `nextRound` has it when WORKER does it. */
const include =
  ({ by = COORDINATOR, worker = WORKER, keeper = CUSTODIAN, kept: keptBy = keeper, ...change }: Change = {}) =>
  (job: JobId, state: Settlement, { accounts, sign }: Players): SettlementCalls['include'] => {
    const { root, claims } = state.jobs.get(job)!
    const unit = {
      job,
      epoch: 1,
      round: 0,
      index: 1,
      until: LATER,
      custodians: [accounts[keeper]!],
      ...change,
    }
    const claim = claimOf(job, state, accounts, sign, unit.index)
    return {
      lease: { ...unit, signature: sign(accounts[by]!, leaseMessage(unit, accounts[worker]!)) },
      claim,
      signature: sign(accounts[worker]!, {
        of: 'work',
        job,
        round: unit.round,
        index: unit.index,
        root,
        claims,
        claim,
      }),
      kept: unit.custodians.map(() => sign(accounts[keptBy]!, custodyMessage(unit, claim))),
      document: 'f'.repeat(64) as HashHex,
    }
  }

const roundOf = (
  job: JobId,
  state: Settlement,
  { accounts, sign }: Players,
  workers: readonly number[],
  by: number,
  attempt = 0,
) => {
  const parts = { coordinator: accounts[by]!, workers: workers.map(i => accounts[i]!), attempt }
  return nextRound(state.jobs.get(job)!, job, parts, sign)
}

function claimOf(job: JobId, state: Settlement, accounts: readonly Account[], sign: Players['sign'], index: number) {
  return roundOf(job, state, { accounts, sign }, [WORKER, WORKER], COORDINATOR).works[index % 2]!.claim
}

/** The next round, done by these. */
const anchor =
  (workers: readonly number[], { epoch = 1, by = COORDINATOR, attempt = 0 } = {}) =>
  (job: JobId, state: Settlement, players: Players) =>
    adding(epoch, roundOf(job, state, players, workers, by, attempt))

const begun = [submit(), line(0, COORDINATOR, 'takeLease', ofJob)]

/** Periods: lease 30, so that an inclusion binds for 60. The unit bond is 49. */
describe('a unit that its worker put on the chain', () => {
  it('is in the next round, or there is no next round', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(6, COORDINATOR, 'anchor', anchor([OTHER, OTHER]), 'WorkLeftOut'),
      line(6, COORDINATOR, 'anchor', anchor([WORKER, OTHER]), 'WorkLeftOut'),
      line(7, COORDINATOR, 'anchor', anchor([OTHER, WORKER])),
      // It was for that round: nothing is left of it.
      line(8, COORDINATOR, 'anchor', anchor([OTHER, OTHER])),
    ]))

  it('is that of an earlier lease, too, when its coordinator has let that run out and taken it again', () =>
    play([
      ...begun,
      line(30, COORDINATOR, 'takeLease', ofJob),
      line(31, WORKER, 'include', include()),
      line(32, COORDINATOR, 'anchor', anchor([OTHER, OTHER], { epoch: 2 }), 'WorkLeftOut'),
      line(33, COORDINATOR, 'anchor', anchor([OTHER, WORKER], { epoch: 2 })),
    ]))

  it('binds whoever takes over, too', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(30, OTHER, 'takeLease', ofJob),
      line(31, OTHER, 'anchor', anchor([OTHER, OTHER], { epoch: 2, by: OTHER }), 'WorkLeftOut'),
      line(32, OTHER, 'anchor', anchor([OTHER, WORKER], { epoch: 2, by: OTHER })),
    ]))

  it('binds nobody after two leases: what nobody can find does not end a job', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(64, COORDINATOR, 'anchor', anchor([OTHER, OTHER]), 'WorkLeftOut'),
      line(65, COORDINATOR, 'anchor', anchor([OTHER, OTHER])),
    ]))

  it('binds nobody while its worker cannot answer for it', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(6, WORKER, 'unstake', (_, state, { accounts }) => ({
        amount: state.nodes.get(accounts[WORKER]!)!.stake - 100n,
      })),
      line(7, COORDINATOR, 'anchor', anchor([OTHER, OTHER]), 'WorkLeftOut'),
      line(8, WORKER, 'unstake', () => ({ amount: 1n })),
      line(9, COORDINATOR, 'anchor', anchor([OTHER, OTHER])),
    ]))

  it('is among the works of a link that closes a cancelled job', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(6, 0, 'cancel', ofJob),
      line(7, COORDINATOR, 'end', end([]), 'WorkLeftOut'),
      line(8, COORDINATOR, 'end', end([1])),
    ]))

  it('is left behind by a rewind, and can be included again', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(6, COORDINATOR, 'anchor', anchor([OTHER, WORKER])),
      line(7, CUSTODIAN, 'open', (job, state) => ({
        anchor: state.jobs.get(job)!.links[0]!.anchor,
        position: 0,
        outer: false,
      })),
      line(8, GUARDIAN, 'rule', () => ({ game: 0, defended: false })),
      line(9, WORKER, 'include', include()),
      line(10, COORDINATOR, 'anchor', anchor([OTHER, OTHER], { attempt: 1 }), 'WorkLeftOut'),
    ]))

  it('is one for each replica', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include()),
      line(6, WORKER, 'include', include(), 'AlreadyIncluded'),
      line(7, WORKER, 'include', include({ index: 0 })),
      line(8, COORDINATOR, 'anchor', anchor([OTHER, WORKER]), 'WorkLeftOut'),
      line(9, COORDINATOR, 'anchor', anchor([WORKER, WORKER])),
    ]))
})

describe('nobody includes', () => {
  it('what the holder of the job did not lease, or not to the caller, or in no epoch yet', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include({ by: OTHER }), 'BadSignature'),
      line(5, OTHER, 'include', include(), 'BadSignature'),
      line(5, WORKER, 'include', include({ epoch: 2 }), 'WrongEpoch'),
      line(30, OTHER, 'takeLease', ofJob),
      line(31, WORKER, 'include', include(), 'BadSignature'),
      line(31, WORKER, 'include', include({ epoch: 2 }), 'BadSignature'),
      line(31, WORKER, 'include', include({ epoch: 3, by: OTHER }), 'WrongEpoch'),
      line(31, WORKER, 'include', include({ epoch: 2, by: OTHER })),
    ]))

  it('what its custodians do not say they keep', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include({ kept: WORKER }), 'BadSignature'),
      line(5, WORKER, 'include', (...all) => ({ ...include()(...all), kept: [] }), 'BadWorks'),
    ]))

  it('another round, an evaluation, or a lease that is over', () =>
    play([
      ...begun,
      line(5, WORKER, 'include', include({ round: 1 }), 'WrongRound'),
      line(5, WORKER, 'include', include({ index: 2 }), 'BadWorks'),
      line(5, WORKER, 'include', include({ until: 7 }), 'LeaseOver'),
    ]))

  it('a unit for which nobody could be slashed', () =>
    play([
      submit({ policy: 0, auditRate: 0, verifiers: 0, provable: '0'.repeat(64) as HashHex }),
      line(0, COORDINATOR, 'takeLease', ofJob),
      line(5, WORKER, 'include', include(), 'NotDisputable'),
    ]))

  it('a unit of a job that compares results before they count', () =>
    play([
      submit({ policy: 2 }),
      line(0, COORDINATOR, 'takeLease', ofJob),
      line(5, WORKER, 'include', include(), 'NotDisputable'),
    ]))
})

/** What closes the chain, with those works of WORKER's round. */
function end(indexes: readonly number[]) {
  return (job: JobId, state: Settlement, players: Players) => {
    const round = roundOf(job, state, players, [WORKER, WORKER], COORDINATOR)
    const works = round.works
      .filter(({ index }) => indexes.includes(index))
      .map(work => ({ ...work, outer: '0x' as const }))
    return adding(1, { ...round, globalRoot: '0'.repeat(64) as HashHex, works })
  }
}
