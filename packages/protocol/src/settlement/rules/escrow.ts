/** Budgets: submitted, owed, paid, refunded. Twin of Escrow.sol. */
import type { JobId } from '../../units.ts'
import { andThen, done, type Outcome, type Rules, refuse } from '../rule.ts'
import { newJob, type Settlement, withJob } from '../state.ts'
import { type Account, areTermsSensible, maximumPriceOf, unitBondFor } from '../terms.ts'
import { requireRunning } from './pause.ts'
import { payOut, takeIn } from './token.ts'

export const escrowRules: Rules<'submit' | 'cancel' | 'close'> = {
  submit: (state, { terms }, { from: submitter, now, hashing }) =>
    andThen(requireRunning(state, now), () => {
      const job = hashing.jobKey(submitter, terms.document)
      if (state.jobs.has(job)) return refuse('JobExists')
      if (!areTermsSensible(terms)) return refuse('BadTerms')
      if (terms.budget < maximumPriceOf(terms)) return refuse('BudgetTooLow')
      const unitBond = unitBondFor(terms, state.parameters.colludingShare)
      if (unitBond === undefined) return refuse('BadTerms')
      const { document, budget } = terms
      return andThen(takeIn(state, submitter, budget), paid =>
        done(withJob(paid, job, newJob(terms, submitter, unitBond)), {
          event: 'Submitted',
          args: { job, submitter, document, budget },
        }),
      )
    }),

  cancel(state, { job: key }, { from, now }) {
    const job = state.jobs.get(key)
    if (!job) return refuse('JobUnknown')
    if (from !== job.submitter) return refuse('NotSubmitter')
    if (job.status !== 'open') return refuse('JobNotOpen')
    const cancelEndsAt = now + state.parameters.cancelSeconds
    const cancelled = withJob(state, key, { ...job, status: 'cancelled', cancelEndsAt })
    return done(cancelled, { event: 'Cancelled', args: { job: key, cancelEndsAt } })
  },

  close(state, { job: key }, { now }) {
    const job = state.jobs.get(key)
    if (!job) return refuse('JobUnknown')
    if (job.pending) return refuse('AssertionPending')
    const isCancelOver = job.status === 'cancelled' && now > job.cancelEndsAt
    if (job.status !== 'final' && !isCancelOver) return refuse('NotClosable')
    const { submitter } = job
    const refund = job.terms.budget - job.owed
    const closed = withJob(state, key, { ...job, status: 'closed', refunded: refund })
    return andThen(done(closed, { event: 'Closed', args: { job: key, submitter, refund } }), rest =>
      payOut(rest, submitter, refund, 'refunded'),
    )
  },
}

/** Records what a settled assertion says a job owes in all. */
export function owe(state: Settlement, key: JobId, owed: bigint, isFinal: boolean): Outcome {
  const job = state.jobs.get(key)!
  if (owed > job.terms.budget) return refuse('OwedExceedsBudget')
  const status = isFinal ? 'final' : job.status
  return done(withJob(state, key, { ...job, owed, status }), { event: 'Owed', args: { job: key, owed, isFinal } })
}

/** Gives the final earnings of a cancelled job another challenge window: a wrong assertion has kept right ones out. */
export function extendCancel(state: Settlement, key: JobId, now: number): Outcome {
  const job = state.jobs.get(key)!
  const cancelEndsAt = now + state.parameters.challengeSeconds
  if (job.status !== 'cancelled' || job.cancelEndsAt >= cancelEndsAt) return done(state)
  const extended = withJob(state, key, { ...job, cancelEndsAt })
  return done(extended, { event: 'CancelExtended', args: { job: key, cancelEndsAt } })
}

/** Pays a part of what is owed. */
export function pay(state: Settlement, key: JobId, account: Account, amount: bigint): Outcome {
  const job = state.jobs.get(key)!
  const paid = job.paid + amount
  if (paid > job.owed) return refuse('PaidExceedsOwed')
  const recorded = done(withJob(state, key, { ...job, paid }), { event: 'Paid', args: { job: key, account, amount } })
  return andThen(recorded, rest => payOut(rest, account, amount, 'withdrawn'))
}
