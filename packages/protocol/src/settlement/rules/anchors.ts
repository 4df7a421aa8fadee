/** Leases and chains of rounds. Twin of Anchors.sol. */
import type { HashHex } from '@cairn/primitives'
import { NO_HASH } from '../hashing.ts'
import { andThen, done, type Outcome, type Refused, type Rules, refuse } from '../rule.ts'
import { type JobState, type Settlement, withJob } from '../state.ts'
import type { Account } from '../terms.ts'
import { requireRunning } from './pause.ts'
import { lock, unlock } from './registry.ts'

export const anchorRules: Rules<'takeLease' | 'releaseLease' | 'anchor' | 'end'> = {
  takeLease: (state, { job: key }, { from: holder, now }) =>
    andThen(requireRunning(state, now), () => {
      const job = state.jobs.get(key)
      if (!job) return refuse('JobUnknown')
      if (job.status !== 'open' && job.status !== 'cancelled') return refuse('JobNotOpen')
      const { holder: previous, epoch: lastEpoch, expiresAt: heldUntil } = job.lease
      if (previous && now < heldUntil) return refuse('LeaseHeld')
      const { leaseBond, leaseSeconds } = state.parameters
      const freed = previous ? unlock(state, previous, leaseBond) : done(state)
      const bonded = andThen(freed, rest => lock(rest, holder, leaseBond))
      const lease = { holder, epoch: lastEpoch + 1, expiresAt: now + leaseSeconds }
      return andThen(bonded, rest =>
        done(withJob(rest, key, { ...job, lease }), { event: 'LeaseTaken', args: { job: key, ...lease } }),
      )
    }),

  releaseLease(state, { job: key, epoch }, { from: holder }) {
    const job = state.jobs.get(key)
    const refusal = notHolder(job, holder, epoch)
    if (refusal || !job) return refusal ?? refuse('NotLeaseHolder')
    const lease = { ...job.lease, holder: undefined }
    return andThen(unlock(withJob(state, key, { ...job, lease }), holder, state.parameters.leaseBond), rest =>
      done(rest, { event: 'LeaseReleased', args: { job: key, holder, epoch } }),
    )
  },

  anchor: (state, { job: key, epoch, previousHead, ...anchor }, { from: holder, now, hashing }) =>
    growing(state.jobs.get(key), holder, epoch, previousHead, job => {
      if (anchor.round !== job.rounds) return refuse('WrongRound')
      const head = hashing.anchorHead(previousHead, anchor)
      const lease = { ...job.lease, expiresAt: now + state.parameters.leaseSeconds }
      const grown = withJob(state, key, { ...job, rounds: job.rounds + 1, head, lease })
      return done(grown, { event: 'Anchored', args: { job: key, ...anchor, head, holder } })
    }),

  end: (state, { job: key, epoch, previousHead, documentId }, { from: holder, hashing }) =>
    growing(state.jobs.get(key), holder, epoch, previousHead, job => {
      const { rounds } = job
      const head = hashing.anchorHead(previousHead, { round: rounds, globalRoot: NO_HASH, documentId })
      const ended: Settlement = withJob(state, key, { ...job, isEnded: true, head })
      return done(ended, { event: 'Ended', args: { job: key, rounds, head, documentId, holder } })
    }),
}

/** Compare-and-set: a takeover (epoch) or another anchor (head) in between makes the call fail. */
function growing(
  job: JobState | undefined,
  holder: Account,
  epoch: number,
  previousHead: HashHex,
  next: (job: JobState) => Outcome,
): Outcome {
  if (!job) return refuse('JobUnknown')
  if (job.status !== 'open') return refuse('JobNotOpen')
  const refusal = notHolder(job, holder, epoch)
  if (refusal) return refusal
  if (job.isEnded) return refuse('JobEnded')
  if (job.rounds === job.terms.rounds) return refuse('AllRoundsAnchored')
  return job.head === previousHead ? next(job) : refuse('HeadMoved')
}

/** Returns why an account does not speak for a job in this epoch, if it does not. */
export function notHolder(job: JobState | undefined, account: Account, epoch: number): Refused | undefined {
  if (job?.lease.holder !== account) return refuse('NotLeaseHolder')
  return job.lease.epoch === epoch ? undefined : refuse('WrongEpoch')
}
