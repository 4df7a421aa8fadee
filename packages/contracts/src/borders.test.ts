import type { HashHex } from '@cairn/primitives'
import { type JobId, NO_HASH, type Settlement } from '@cairn/protocol'
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

const terms = {
  document: 'd'.repeat(64) as HashHex,
  provable: NO_HASH,
  budget: 100n,
  trainPrice: 10n,
  evaluatePrice: 0n,
  custodyPrice: 0n,
  roundPrice: 0n,
  auditPrice: 0n,
  rounds: 2,
  replicas: 1,
  evaluateEvery: 0,
  custodians: 0,
  auditRate: 0,
  maximumUnsettled: 2,
  verifiers: 0,
  policy: 0,
}
const submit = line(0, 0, 'submit', () => ({ terms }))
const anchor =
  (epoch: number, by = 1) =>
  (job: JobId, state: Settlement, { accounts, sign }: Players) => {
    const parts = { coordinator: accounts[by]!, workers: [accounts[3]!] }
    return adding(epoch, nextRound(state.jobs.get(job)!, job, parts, sign))
  }
const link = (round: number) => (job: JobId, state: Settlement) => ({
  anchor: state.jobs.get(job)!.links[round]!.anchor,
})
const nothingOwed = (epoch: number, rounds: number, isFinal: boolean) => (job: JobId) => ({
  job,
  epoch,
  rounds,
  leaves: [],
  isFinal,
})
const guardian = 1

/** Periods: lease 30, challenge 20, delay 12, cancel 60, unbonding 50, pause 10, pause interval 80. */
describe('at the border of a window', () => {
  it('a lease passes on when it has run out, and the late holder cannot anchor any more', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(20, 1, 'anchor', anchor(1)),
      line(49, 2, 'takeLease', ofJob, 'LeaseHeld'),
      line(50, 2, 'takeLease', ofJob),
      line(50, 1, 'anchor', anchor(1), 'NotLeaseHolder'),
      line(51, 2, 'anchor', anchor(1, 2), 'WrongEpoch'),
      line(51, 2, 'anchor', anchor(2, 2)),
    ]))

  it('a lease that ran out still serves its holder while nobody else takes it', () =>
    play([submit, line(0, 1, 'takeLease', ofJob), line(500, 1, 'anchor', anchor(1))]))

  it('an assertion settles when its challenge window is over', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(0, 1, 'anchor', anchor(1)),
      line(19, 3, 'finalise', link(0), 'ChallengeWindowOpen'),
      line(20, 1, 'assertEarnings', nothingOwed(1, 1, false), 'RoundsNotFinal'),
      line(20, 3, 'finalise', link(0)),
      line(20, 1, 'assertEarnings', nothingOwed(1, 1, false)),
      line(39, 3, 'settle', ofJob, 'ChallengeWindowOpen'),
      line(39, 1, 'assertEarnings', nothingOwed(1, 1, false), 'AssertionPending'),
      line(40, 3, 'settle', ofJob),
      line(40, 3, 'settle', ofJob, 'NothingPending'),
    ]))

  it('final earnings of a cancelled job come until its window ends, and it closes after them', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(0, 1, 'anchor', anchor(1)),
      line(5, 0, 'cancel', ofJob),
      line(65, 0, 'close', ofJob, 'NotClosable'),
      line(65, 3, 'finalise', link(0)),
      line(65, 1, 'assertEarnings', nothingOwed(1, 1, true)),
      line(66, 0, 'close', ofJob, 'AssertionPending'),
      line(85, 0, 'settle', ofJob),
      line(85, 0, 'close', ofJob),
      line(85, 0, 'close', ofJob, 'NotClosable'),
      line(85, 1, 'releaseLease', job => ({ job, epoch: 1 })),
    ]))

  it('a cancelled job that nobody speaks for closes the second after its window', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(0, 0, 'cancel', ofJob),
      line(61, 1, 'assertEarnings', nothingOwed(1, 0, true), 'CancelWindowOver'),
      line(61, 4, 'close', ofJob),
    ]))

  it('another coordinator may take the lease of a cancelled job to speak for it', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(0, 1, 'anchor', anchor(1)),
      line(20, 0, 'cancel', ofJob),
      line(30, 2, 'takeLease', ofJob),
      line(31, 2, 'anchor', anchor(2, 2), 'JobNotOpen'),
      line(31, 2, 'assertEarnings', nothingOwed(2, 1, false), 'OnlyFinal'),
      line(31, 4, 'finalise', link(0)),
      line(31, 2, 'assertEarnings', nothingOwed(2, 1, true)),
    ]))

  it('a stake comes back when it has unbonded, counted from the last request', () =>
    play([
      line(0, 1, 'unstake', () => ({ amount: 10n })),
      line(40, 1, 'unstake', () => ({ amount: 10n })),
      line(89, 1, 'withdrawStake', () => ({}), 'StillUnbonding'),
      line(90, 1, 'withdrawStake', () => ({})),
      line(90, 1, 'withdrawStake', () => ({}), 'NothingUnbonding'),
    ]))

  it('a pause ends by itself, and the next has to wait', () =>
    play([
      line(0, guardian, 'pause', () => ({})),
      line(9, 0, 'submit', () => ({ terms }), 'NetworkPaused'),
      line(10, 0, 'submit', () => ({ terms })),
      line(79, guardian, 'pause', () => ({}), 'PauseTooSoon'),
      line(80, guardian, 'pause', () => ({})),
      line(81, 2, 'takeLease', ofJob, 'NetworkPaused'),
      line(81, 0, 'cancel', ofJob),
      line(82, guardian, 'unpause', () => ({})),
      line(82, 2, 'takeLease', ofJob),
    ]))
})
