/** Assertions of what a job owes, and withdrawals. Twin of Earnings.sol. */
import type { SettlementCalls } from '../calls.ts'
import { andThen, done, type Outcome, type Refused, type Rules, refuse } from '../rule.ts'
import { type JobState, withJob } from '../state.ts'
import { atLeast, mostCounts, priceOf } from '../terms.ts'
import { notHolder } from './anchors.ts'
import { owe, pay } from './escrow.ts'
import { requireRunning } from './pause.ts'
import { lock, unlock } from './registry.ts'

export const earningsRules: Rules<'assertEarnings' | 'settle' | 'withdraw'> = {
  assertEarnings: (state, claim, { from: asserter, now }) =>
    andThen(requireRunning(state, now), () => {
      const { job: key, epoch, rounds, root, totals, isFinal } = claim
      const job = state.jobs.get(key)
      const refusal = notAssertable(job, isFinal, now) ?? notHolder(job, asserter, epoch)
      if (refusal || !job) return refusal ?? refuse('JobUnknown')
      if (job.pending) return refuse('AssertionPending')
      const impossible = notPossible(job, claim)
      if (impossible) return impossible
      const settlesAt = now + state.parameters.challengeSeconds
      const pending = { root, totals, rounds, asserter, settlesAt, isFinal }
      return andThen(lock(withJob(state, key, { ...job, pending }), asserter, state.parameters.earningsBond), rest =>
        done(rest, { event: 'Asserted', args: { job: key, ...pending } }),
      )
    }),

  settle(state, { job: key }, { now }) {
    const job = state.jobs.get(key)
    if (!job?.pending) return refuse('NothingPending')
    const { asserter, settlesAt, isFinal, ...settled } = job.pending
    if (now < settlesAt) return refuse('ChallengeWindowOpen')
    const { root, rounds, totals } = settled
    const owed = priceOf(job.terms, totals)
    const args = { job: key, rounds, root, owed, isFinal }
    const moved = done(withJob(state, key, { ...job, settled, pending: undefined }), { event: 'Settlement', args })
    const freed = andThen(moved, rest => unlock(rest, asserter, state.parameters.earningsBond))
    return andThen(freed, rest => owe(rest, key, owed, isFinal))
  },

  withdraw(state, { proof, ...leaf }, { hashing }): Outcome {
    const { job: key, account, counts } = leaf
    const job = state.jobs.get(key)
    if (!job || !hashing.provesLeaf(job.settled.root, leaf, proof)) return refuse('BadProof')
    const total = priceOf(job.terms, counts)
    const before = job.withdrawn.get(account) ?? 0n
    if (total <= before) return done(state)
    const amount = total - before
    const withdrawn = new Map(job.withdrawn).set(account, total)
    const recorded = withJob(state, key, { ...job, withdrawn })
    return andThen(done(recorded, { event: 'Withdrawn', args: { job: key, account, amount } }), rest =>
      pay(rest, key, account, amount),
    )
  },
}

/** Open jobs take any assertion; cancelled ones only the last word, and only for a while. */
function notAssertable(job: JobState | undefined, isFinal: boolean, now: number): Refused | undefined {
  if (!job) return refuse('JobUnknown')
  if (job.status === 'open') return undefined
  if (job.status !== 'cancelled') return refuse('JobNotOpen')
  if (!isFinal) return refuse('OnlyFinal')
  return now > job.cancelEndsAt ? refuse('CancelWindowOver') : undefined
}

function notPossible(job: JobState, claim: SettlementCalls['assertEarnings']): Refused | undefined {
  const { rounds, totals, isFinal } = claim
  if (rounds > job.rounds) return refuse('RoundsNotAnchored')
  if (rounds < job.settled.rounds) return refuse('RoundsDecrease')
  const isLastRound = job.status === 'cancelled' || job.isEnded || rounds === job.terms.rounds
  if (isFinal && !(isLastRound && rounds === job.rounds)) return refuse('NotFinished')
  if (!atLeast(totals, job.settled.totals)) return refuse('TotalsDecrease')
  // Work of the round in which a job was cut short is owed as well; it has no anchor.
  const isCutShort = isFinal && (job.status === 'cancelled' || job.isEnded) && rounds < job.terms.rounds
  const most = { ...mostCounts(job.terms, rounds + Number(isCutShort)), coordinated: BigInt(rounds) }
  return atLeast(most, totals) ? undefined : refuse('TotalsExceedRounds')
}
