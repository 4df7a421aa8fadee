/** Leases and chains of rounds. Twin of Anchors.sol. */
import type { SettlementEvent } from '../events.ts'
import { NO_HASH } from '../hashing.ts'
import { andThen, done, type Refused, type Rules, refuse } from '../rule.ts'
import { type JobState, type Settlement, withJob } from '../state.ts'
import type { Account } from '../terms.ts'
import { type Anchor, claimsOf } from '../works.ts'
import { requireIncluded } from './inclusions.ts'
import { append, areInDomain, isDiverged, isFull, isPart } from './links.ts'
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

  anchor(state, args, context) {
    const { epoch, anchor } = args
    const job = state.jobs.get(anchor.job)
    if (!job) return refuse('JobUnknown')
    if (job.status !== 'open') return refuse('JobNotOpen')
    const refusal = notGrowing(job, epoch, anchor, context.from)
    if (refusal) return refusal
    const { rounds, terms, finalRounds } = job
    if (rounds === terms.rounds) return refuse('AllRoundsAnchored')
    if (rounds >= finalRounds + terms.maximumUnsettled) return refuse('TooManyUnsettled')
    // No outer step leads to a root of zero.
    if (anchor.globalRoot === NO_HASH) return refuse('BadRecord')
    if (!areInDomain(args.claims) || !isFull(anchor, terms)) return refuse('BadWorks')
    const lease = { ...job.lease, expiresAt: context.now + state.parameters.leaseSeconds }
    const claims = context.hashing.claimsHash(claimsOf(anchor, terms.replicas))
    const grown = append(state, args, true, context, (before, link) => ({
      ...before,
      ...{ lease, rounds: rounds + 1, head: link.head, root: anchor.globalRoot, claims },
      links: [...before.links, link],
    }))
    return andThen(requireIncluded(grown, anchor, context.now), rest => done(rest, linkEvent('Anchored', rest, anchor)))
  },

  end(state, args, context) {
    const { epoch, anchor } = args
    const job = state.jobs.get(anchor.job)
    if (!job) return refuse('JobUnknown')
    const isCancelled = job.status === 'cancelled'
    if (job.status !== 'open' && !isCancelled) return refuse('JobNotOpen')
    const refusal = notGrowing(job, epoch, anchor, context.from)
    if (refusal) return refusal
    // No outer step leads to a root of zero; one to another led to the state whose evaluation left the domain.
    const isEvaluated = anchor.globalRoot !== NO_HASH
    if (isEvaluated !== isDiverged(args, job.terms)) return refuse('BadRecord')
    const isComplete = job.rounds === job.terms.rounds
    const isWhole = isEvaluated && !isComplete
    if (!(isWhole ? isFull(anchor, job.terms) : isPart(anchor, job.terms, isComplete, isCancelled)))
      return refuse('BadWorks')
    // Somebody answers for it that the job diverged.
    const outerNeeded = !isComplete && (isEvaluated || !isCancelled)
    const grown = append(state, args, outerNeeded, context, (before, link) => ({
      ...before,
      ...{ isEnded: true, head: link.head },
      links: [...before.links, link],
    }))
    return andThen(requireIncluded(grown, anchor, context.now), rest => done(rest, linkEvent('Ended', rest, anchor)))
  },
}

const linkEvent = (event: 'Anchored' | 'Ended', { jobs }: Settlement, anchor: Anchor): SettlementEvent => {
  const { job, round } = anchor
  return { event, args: { job, round, head: jobs.get(job)!.head, anchor } }
}

/** Compare-and-set: a takeover (epoch), another anchor or a rewind (head) in between makes the call fail. */
function notGrowing(job: JobState, epoch: number, anchor: Anchor, from: Account): Refused | undefined {
  const refusal = notHolder(job, from, epoch)
  if (refusal) return refusal
  if (job.isEnded) return refuse('JobEnded')
  if (job.head !== anchor.previousHead) return refuse('HeadMoved')
  if (anchor.round !== job.rounds) return refuse('WrongRound')
  const isSame = anchor.previousRoot === job.root && anchor.previousClaims === job.claims
  return anchor.coordinator === from && isSame ? undefined : refuse('BadRecord')
}

/** Returns why an account does not speak for a job in this epoch, if it does not. */
export function notHolder(job: JobState | undefined, account: Account, epoch: number): Refused | undefined {
  if (job?.lease.holder !== account) return refuse('NotLeaseHolder')
  return job.lease.epoch === epoch ? undefined : refuse('WrongEpoch')
}
