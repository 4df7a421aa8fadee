/** Bonds, clocks, rewinds and slashes, told as scripts that run on the contracts and on their model at once. */
import type { HashHex } from '@cairn/primitives'
import { heldInSlashing, type JobId, NO_HASH, type Settlement } from '@cairn/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Players, ScriptReport } from './conformance.ts'
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
  provable: 'e'.repeat(64) as HashHex,
  budget: 200n,
  trainPrice: 10n,
  evaluatePrice: 0n,
  custodyPrice: 0n,
  roundPrice: 0n,
  auditPrice: 1n,
  rounds: 4,
  replicas: 2,
  evaluateEvery: 0,
  custodians: 0,
  auditRate: 1_000_000,
  maximumUnsettled: 3,
  verifiers: 1,
  policy: 1,
}
/** 2 * 10 / (1 * 0.8) = 25 have to burn: half of 49, rounded up. */
const BOND = 49n
const BURNED = 25n
const REWARD = 7n
const REST = BOND - BURNED - REWARD

const [SUBMITTER, JUDGE, CHALLENGER, ONE, TWO] = [0, 1, 2, 3, 4] as const
const begin = [line(0, SUBMITTER, 'submit', () => ({ terms })), line(0, JUDGE, 'takeLease', ofJob)]

const jobIn = (state: Settlement, job: JobId) => state.jobs.get(job)!
const theJob = ({ jobs }: Settlement) => [...jobs.values()].at(-1)!
const link = (round: number) => (job: JobId, state: Settlement) => jobIn(state, job).links[round]!.anchor
const voidAt =
  (i: number) =>
  (_: JobId, { voids }: Settlement) =>
    [...voids.values()][i]!.anchor

/** The next round by these workers, under the judge's lease. */
const anchor =
  (workers: readonly number[], attempt = 0) =>
  (job: JobId, state: Settlement, { accounts, sign }: Players) => {
    const parts = { coordinator: accounts[JUDGE]!, workers: workers.map(worker => accounts[worker]!), attempt }
    return adding(1, nextRound(jobIn(state, job), job, parts, sign))
  }

type Find = (job: JobId, state: Settlement) => ReturnType<ReturnType<typeof link>>

const challenge =
  (find: Find, position: number, outer = false) =>
  (job: JobId, state: Settlement) => ({ anchor: find(job, state), position, outer })
const work = (find: Find, position: number) => (job: JobId, state: Settlement) => ({
  anchor: find(job, state),
  position,
})
const only = (find: Find) => (job: JobId, state: Settlement) => ({ anchor: find(job, state) })
const game = (id: number) => () => ({ game: id })
const refuted = (id: number) => () => ({ game: id, defended: false })
const defended = (id: number) => () => ({ game: id, defended: true })
const share =
  (account: number) =>
  (_: JobId, { cases }: Settlement, { accounts }: Players) => ({
    wrong: [...cases.keys()][0]!,
    account: accounts[account]!,
  })

/** What an account got in tokens over the script. */
const gained = ({ accounts, states }: ScriptReport, account: number, from = 0): bigint => {
  const tokens = (state: Settlement) => state.tokens.get(accounts[account]!) ?? 0n
  return tokens(states.at(-1)!) - tokens(states[from]!)
}
const stakeOf = ({ accounts, states }: ScriptReport, account: number) => states.at(-1)!.nodes.get(accounts[account]!)!

/** Periods: challenge 20, delay 12. Challenger's bond 10, reward 7. */
describe('a claim that is proven wrong', () => {
  it('rewinds its job and pays challenger, fire, victims and submitter, in this order', async () => {
    const report = await play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(2, JUDGE, 'anchor', anchor([ONE, ONE])),
      line(3, JUDGE, 'anchor', anchor([ONE, ONE]), 'TooManyUnsettled'),
      line(5, CHALLENGER, 'open', challenge(link(0), 1)),
      line(21, ONE, 'finalise', only(link(0)), 'DisputeOpen'),
      line(21, JUDGE, 'rule', refuted(0)),
      line(21, ONE, 'release', work(voidAt(2), 0), 'ChallengeWindowOpen'),
      // Two's other unit is its owner's; the siblings of the wrong one stay valid and are anchored again.
      line(22, ONE, 'report', work(voidAt(0), 0), 'NotCompensated'),
      line(22, ONE, 'report', work(voidAt(1), 1), 'NotCompensated'),
      line(22, ONE, 'report', work(voidAt(1), 0)),
      line(22, ONE, 'report', work(voidAt(1), 0), 'NotCompensated'),
      line(22, ONE, 'report', work(voidAt(2), 0)),
      line(22, ONE, 'release', work(voidAt(0), 0)),
      line(22, ONE, 'release', work(voidAt(0), 1), 'BondGone'),
      // Nobody can put the wrong unit there again: its worker would have to sign another time.
      line(23, JUDGE, 'anchor', anchor([ONE, TWO]), 'ClaimLost'),
      line(23, JUDGE, 'anchor', anchor([ONE, CHALLENGER])),
      line(64, ONE, 'compensate', share(ONE), 'ChallengeWindowOpen'),
      line(65, ONE, 'compensate', share(ONE)),
      line(65, ONE, 'compensate', share(ONE)),
      line(65, ONE, 'finalise', only(link(0))),
    ])
    const { states } = report
    const after = states.at(-1)!
    expect(after.flows).toMatchObject({ burned: BURNED, awarded: REWARD + REST })
    expect(gained(report, CHALLENGER)).toBe(REWARD)
    // Two units of 10 were void; the pot had 17.
    expect(gained(report, ONE)).toBe(REST)
    expect(gained(report, SUBMITTER)).toBe(-terms.budget)
    expect(stakeOf(report, TWO).stake).toBe(2_500n - BOND)
    expect(heldInSlashing(after)).toBe(0n)
    const [first] = [...after.voids.values()]
    const again = theJob(after).links[0]!.anchor
    expect(again.works[0]).toEqual(first!.anchor.works[0])
    expect(again.previousHead).not.toBe(first!.anchor.previousHead)
    expect(theJob(after)).toMatchObject({ rounds: 1, finalRounds: 1 })
  })

  it('leaves to the submitter what no victim asks for', async () => {
    const report = await play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(2, CHALLENGER, 'open', challenge(link(0), 1, true)),
      line(3, JUDGE, 'rule', refuted(0)),
      line(4, ONE, 'report', work(voidAt(1), 0)),
      line(47, ONE, 'compensate', share(TWO)),
      line(47, ONE, 'compensate', share(ONE)),
    ])
    expect(gained(report, ONE)).toBe(10n)
    expect(gained(report, SUBMITTER)).toBe(REST - 10n - terms.budget)
  })

  it('in a second replica of the same round is slashed as well, without another rewind', async () => {
    const report = await play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, CHALLENGER, 'open', challenge(link(0), 0)),
      line(1, CHALLENGER, 'open', challenge(link(0), 1)),
      line(2, JUDGE, 'rule', refuted(0)),
      line(3, JUDGE, 'anchor', anchor([CHALLENGER, CHALLENGER], 1)),
      line(30, ONE, 'release', work(voidAt(0), 1), 'DisputeOpen'),
      line(30, JUDGE, 'rule', refuted(1)),
      line(30, ONE, 'release', work(voidAt(0), 1), 'BondGone'),
    ])
    const state = report.states.at(-1)!
    expect(theJob(state).rounds).toBe(1)
    expect(state.flows.burned).toBe(2n * BURNED)
    expect(gained(report, CHALLENGER)).toBe(2n * REWARD)
    // The second has no rounds after it that would have become void.
    expect(gained(report, SUBMITTER)).toBe(REST - terms.budget)
    expect([stakeOf(report, ONE).stake, stakeOf(report, TWO).stake]).toEqual([2_500n - BOND, 2_500n - BOND])
  })

  it('takes back whatever was reported for it before', async () => {
    const report = await play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(0, JUDGE, 'anchor', anchor([ONE, CHALLENGER])),
      line(1, CHALLENGER, 'open', challenge(link(0), 1)),
      line(2, JUDGE, 'rule', refuted(0)),
      line(3, ONE, 'report', work(voidAt(1), 0)),
      line(3, ONE, 'report', work(voidAt(1), 1)),
      line(4, SUBMITTER, 'open', challenge(voidAt(1), 0)),
      line(5, JUDGE, 'rule', refuted(1)),
      line(46, ONE, 'compensate', share(ONE)),
      line(46, ONE, 'compensate', share(CHALLENGER)),
    ])
    expect(gained(report, ONE)).toBe(0n)
    expect(gained(report, CHALLENGER)).toBe(REWARD + 10n)
    // As the submitter, and as the one who challenged the second.
    expect(gained(report, SUBMITTER)).toBe(REST - 10n + REST + REWARD - terms.budget)
  })
})

describe('a challenge', () => {
  it('that is lost defeats only its challenger; each costs twice the one before', async () => {
    const report = await play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, CHALLENGER, 'open', challenge(link(0), 1)),
      line(1, CHALLENGER, 'open', challenge(link(0), 1), 'AlreadyChallenged'),
      line(1, CHALLENGER, 'open', challenge(link(0), 2), 'NoClaim'),
      line(2, JUDGE, 'rule', defended(0)),
      line(2, CHALLENGER, 'open', challenge(link(0), 1), 'AlreadyChallenged'),
      line(3, SUBMITTER, 'open', challenge(link(0), 1)),
      line(3, ONE, 'open', challenge(link(0), 1)),
      line(4, ONE, 'dissolve', game(2), 'ClaimStands'),
      line(4, JUDGE, 'rule', refuted(1)),
      line(5, CHALLENGER, 'open', challenge(voidAt(0), 1), 'ClaimLost'),
      line(5, ONE, 'dissolve', game(2)),
      line(5, ONE, 'dissolve', game(2), 'GameOver'),
    ])
    const bonds = report.states.at(-1)!.games.map(({ bond }) => bond)
    expect(bonds).toEqual([10n, 20n, 40n])
    expect(stakeOf(report, CHALLENGER)).toMatchObject({ stake: 2_490n, locked: 0n })
    expect(stakeOf(report, ONE)).toMatchObject({ stake: 2_500n, locked: BOND })
    // Half of a lost challenge is the defender's, whoever wins later.
    expect(gained(report, TWO)).toBe(5n)
    expect(report.states.at(-1)!.flows.burned).toBe(5n + BURNED)
  })

  it('comes inside the window of its round, and keeps the round from being final', () =>
    play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(19, CHALLENGER, 'open', challenge(link(0), 0)),
      line(20, SUBMITTER, 'open', challenge(link(0), 1), 'ChallengeWindowOver'),
      line(25, JUDGE, 'rule', defended(0)),
      line(25, ONE, 'finalise', only(link(0))),
      line(25, SUBMITTER, 'open', challenge(link(0), 1), 'ChallengeWindowOver'),
    ]))

  it('is lost by whoever lets the clock run out', async () => {
    const report = await play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, CHALLENGER, 'open', challenge(link(0), 0)),
      line(1, CHALLENGER, 'open', challenge(link(0), 1)),
      line(5, CHALLENGER, 'move', game(0), 'NotYourTurn'),
      line(5, ONE, 'move', game(0)),
      line(13, ONE, 'timeout', game(1), 'ClockRunning'),
      line(14, TWO, 'move', game(1), 'ClockOver'),
      line(14, ONE, 'timeout', game(1)),
      line(17, ONE, 'timeout', game(0), 'ClockRunning'),
      line(18, ONE, 'timeout', game(0)),
      line(18, ONE, 'timeout', game(0), 'GameOver'),
    ])
    expect(report.states.at(-1)!.games.map(({ turn }) => turn)).toEqual(['defended', 'refuted'])
  })

  it('has a clock of its own, which goes on where it stopped', () =>
    play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, CHALLENGER, 'open', challenge(link(0), 0)),
      line(2, ONE, 'move', game(0)),
      line(8, CHALLENGER, 'move', game(0)),
      line(9, ONE, 'move', game(0)),
      line(15, ONE, 'timeout', game(0), 'ClockRunning'),
      line(16, CHALLENGER, 'move', game(0), 'ClockOver'),
      line(16, ONE, 'timeout', game(0)),
    ]))

  it('takes nothing of the time that its defender has for others about the same claim', () =>
    play([
      ...begin,
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, CHALLENGER, 'open', challenge(link(0), 0)),
      line(6, ONE, 'move', game(0)),
      line(6, SUBMITTER, 'open', challenge(link(0), 0)),
      line(11, ONE, 'move', game(1)),
      line(11, CHALLENGER, 'move', game(0)),
      line(17, ONE, 'move', game(0)),
      line(17, SUBMITTER, 'move', game(1)),
      // By turns they have had it think for 22 of twelve seconds; in neither game for more than eleven.
      line(23, ONE, 'move', game(1)),
      line(23, CHALLENGER, 'move', game(0)),
      line(24, ONE, 'timeout', game(0), 'ClockRunning'),
      line(25, ONE, 'move', game(0), 'ClockOver'),
      line(25, ONE, 'timeout', game(0)),
      line(25, ONE, 'dissolve', game(1)),
    ]))

  it('is not for jobs that trust their nodes', () =>
    play([
      line(0, SUBMITTER, 'submit', () => ({
        terms: { ...terms, provable: NO_HASH, policy: 0, auditRate: 0, auditPrice: 0n, verifiers: 0 },
      })),
      line(0, JUDGE, 'takeLease', ofJob),
      line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
      line(1, CHALLENGER, 'open', challenge(link(0), 0), 'NotDisputable'),
    ]))
})
