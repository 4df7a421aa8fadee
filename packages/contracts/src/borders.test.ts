import type { HashHex } from '@cairn/primitives'
import { type CallName, type JobId, NO_HASH, noCounts, type Settlement, type SettlementCalls } from '@cairn/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playScript, type ScriptStep } from './conformance.ts'
import { type LocalChain, startLocalChain } from './index.ts'

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

/** A step: when, which account, what, and how it must end (by default it goes through). */
type Line<Name extends CallName = CallName> = readonly [
  at: number,
  by: number,
  call: Name,
  args: (job: JobId, state: Settlement) => SettlementCalls[Name],
  outcome?: string,
]

const line = <Name extends CallName>(...parts: Line<Name>): Line => parts as unknown as Line

/** Plays lines on the contracts and the model; both must do what each line says. */
async function play(lines: readonly Line[]): Promise<void> {
  const steps: ScriptStep[] = lines.map(([at, by, call, args]) => ({
    at,
    call: (accounts, state) => {
      const job = [...state.jobs.keys()].at(-1) ?? (NO_HASH as string as JobId)
      return { call, from: accounts[by]!, args: args(job, state) } as never
    },
  }))
  const said = lines.map(([at, , call, , outcome = call]) => `${at} ${outcome}`)
  const outcomes = await playScript(chain, steps)
  expect(outcomes.map((outcome, i) => `${lines[i]![0]} ${outcome}`)).toEqual(said)
}

const terms = {
  document: 'd'.repeat(64) as HashHex,
  budget: 100n,
  trainPrice: 10n,
  evaluatePrice: 0n,
  custodyPrice: 0n,
  roundPrice: 0n,
  rounds: 2,
  replicas: 1,
  evaluations: 0,
  custodians: 0,
}
const submit = line(0, 0, 'submit', () => ({ terms }))
const ofJob = (job: JobId) => ({ job })
const anchor = (epoch: number) => (job: JobId, state: Settlement) => {
  const { rounds: round, head: previousHead } = state.jobs.get(job)!
  const root = 'a'.repeat(64) as HashHex
  return { job, epoch, previousHead, round, globalRoot: root, documentId: root }
}
const nothingOwed = (epoch: number, rounds: number, isFinal: boolean) => (job: JobId) => ({
  job,
  epoch,
  rounds,
  root: NO_HASH,
  totals: noCounts,
  isFinal,
})
const guardian = 1

/** Periods: lease 30, challenge 20, cancel 60, unbonding 50, pause 10, pause interval 80. */
describe('at the border of a window', () => {
  it('a lease passes on when it has run out, and the late holder cannot anchor any more', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(20, 1, 'anchor', anchor(1)),
      line(49, 2, 'takeLease', ofJob, 'LeaseHeld'),
      line(50, 2, 'takeLease', ofJob),
      line(50, 1, 'anchor', anchor(1), 'NotLeaseHolder'),
      line(51, 2, 'anchor', anchor(1), 'WrongEpoch'),
      line(51, 2, 'anchor', anchor(2)),
    ]))

  it('a lease that ran out still serves its holder while nobody else takes it', () =>
    play([submit, line(0, 1, 'takeLease', ofJob), line(500, 1, 'anchor', anchor(1))]))

  it('an assertion settles when its challenge window is over', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(0, 1, 'anchor', anchor(1)),
      line(10, 1, 'assertEarnings', nothingOwed(1, 1, false)),
      line(29, 3, 'settle', ofJob, 'ChallengeWindowOpen'),
      line(29, 1, 'assertEarnings', nothingOwed(1, 1, false), 'AssertionPending'),
      line(30, 3, 'settle', ofJob),
      line(30, 3, 'settle', ofJob, 'NothingPending'),
    ]))

  it('final earnings of a cancelled job come until its window ends, and it closes after them', () =>
    play([
      submit,
      line(0, 1, 'takeLease', ofJob),
      line(0, 1, 'anchor', anchor(1)),
      line(5, 0, 'cancel', ofJob),
      line(65, 0, 'close', ofJob, 'NotClosable'),
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
      line(31, 2, 'anchor', anchor(2), 'JobNotOpen'),
      line(31, 2, 'assertEarnings', nothingOwed(2, 1, false), 'OnlyFinal'),
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
