/** Assertions of what a job owes, and withdrawals. Twin of Earnings.sol. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../../units.ts'
import type { Leaf, SettlementCalls } from '../calls.ts'
import type { SettlementHashing } from '../hashing.ts'
import type { NetworkParameters } from '../parameters.ts'
import { andThen, done, type Outcome, type Refused, type Rules, refuse } from '../rule.ts'
import { type JobState, withJob } from '../state.ts'
import { type Account, addCounts, atLeast, type Counts, mostCounts, noCounts, priceOf } from '../terms.ts'
import { earnedIn } from '../works.ts'
import { notHolder } from './anchors.ts'
import { extendCancel, owe, pay } from './escrow.ts'
import { requireRunning } from './pause.ts'
import { lock, unlock } from './registry.ts'
import { assertionLost } from './slashing.ts'

export const earningsRules: Rules<'assertEarnings' | 'count' | 'challengeEarnings' | 'settle' | 'withdraw'> = {
  assertEarnings: (state, claim, { from: asserter, now, hashing }) =>
    andThen(requireRunning(state, now), () => {
      const { job: key, epoch, rounds, leaves, isFinal } = claim
      const job = state.jobs.get(key)
      const refusal = notAssertable(job, isFinal, now)
      if (refusal || !job) return refusal ?? refuse('JobUnknown')
      const notHeld = isForAll(job, state.parameters, now) ? undefined : notHolder(job, asserter, epoch)
      if (notHeld) return notHeld
      if (job.pending) return refuse('AssertionPending')
      const root = rootOf(hashing, key, leaves)
      if (root === undefined) return refuse('LeavesUnordered')
      if (leaves.some(({ counts }) => isNothing(counts))) return refuse('EmptyLeaf')
      const totals = leaves.reduce((sum, { counts }) => addCounts(sum, counts), noCounts)
      const impossible = notPossible(job, claim, totals)
      if (impossible) return impossible
      const settlesAt = now + state.parameters.challengeSeconds
      const about = { asserter, rounds, root, isFinal, settlesAt }
      const pending = { ...about, totals, links: linksOf(job, claim), tallies: new Map() }
      return andThen(lock(withJob(state, key, { ...job, pending }), asserter, state.parameters.earningsBond), rest =>
        done(rest, { event: 'Asserted', args: { job: key, ...about, leaves } }),
      )
    }),

  count(state, { job: key, account, links }, { hashing }) {
    const job = state.jobs.get(key)
    if (!job?.pending) return refuse('NothingPending')
    const { pending, settled, terms } = job
    const { next, counts } = pending.tallies.get(account) ?? { next: settled.rounds, counts: noCounts }
    const isRight = links.every((anchor, i) => {
      const isCovered = next + i < pending.links && anchor.job === key && anchor.round === next + i
      return isCovered && job.links[next + i]?.head === hashing.anchorHead(anchor)
    })
    if (!isRight) return refuse('BadRecord')
    const counted = links.map((anchor, i) => ({ anchor, isClosing: next + i === pending.rounds }))
    const more = earnedIn(counted, terms.replicas).get(account) ?? noCounts
    const tally = { next: next + links.length, counts: addCounts(counts, more) }
    const tallies = new Map(pending.tallies).set(account, tally)
    return done(withJob(state, key, { ...job, pending: { ...pending, tallies } }))
  },

  challengeEarnings(state, { job: key, account, ...leaves }, { from: challenger, now, hashing }) {
    const job = state.jobs.get(key)
    if (!job?.pending) return refuse('NothingPending')
    const { settlesAt, asserter, tallies, links } = job.pending
    if (now >= settlesAt) return refuse('ChallengeWindowOver')
    const roots = [leaves.settled, leaves.pending].map(said => rootOf(hashing, key, said))
    if (roots.includes(undefined)) return refuse('LeavesUnordered')
    if (roots[0] !== job.settled.root || roots[1] !== job.pending.root) return refuse('BadProof')
    const { next, counts } = tallies.get(account) ?? { next: job.settled.rounds, counts: noCounts }
    if (next !== links) return refuse('NotCounted')
    const right = addCounts(countsOf(leaves.settled, account), counts)
    const said = countsOf(leaves.pending, account)
    if (atLeast(right, said) && atLeast(said, right)) return refuse('EarningsRight')
    const cleared = withJob(state, key, { ...job, pending: undefined })
    const refuted = done(cleared, { event: 'Refuted', args: { job: key, asserter, challenger, account } })
    const extended = andThen(refuted, rest => extendCancel(rest, key, now))
    return andThen(extended, rest => assertionLost(rest, key, asserter, challenger))
  },

  settle(state, { job: key }, { now }) {
    const job = state.jobs.get(key)
    if (!job?.pending) return refuse('NothingPending')
    const { asserter, settlesAt, isFinal, root, rounds, totals } = job.pending
    if (now < settlesAt) return refuse('ChallengeWindowOpen')
    const settled = { root, rounds, totals }
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

const isNothing = (counts: Counts): boolean => Object.values(counts).every(count => count === 0n)

/**
 * A holder that is the submitter's could let the window of a cancelled job pass, so in the end any node may assert. As long as its chain may still be
 * closed with what was done last, in the first half of the time, nobody cuts that off by asserting sooner.
 */
function isForAll(
  { status, isEnded, cancelEndsAt }: JobState,
  { cancelSeconds }: NetworkParameters,
  now: number,
): boolean {
  return status === 'cancelled' && (isEnded || now + Math.floor(cancelSeconds / 2) >= cancelEndsAt)
}

/** Open jobs take any assertion; cancelled ones only the last word, and only for a while. */
function notAssertable(job: JobState | undefined, isFinal: boolean, now: number): Refused | undefined {
  if (!job) return refuse('JobUnknown')
  if (job.status === 'open') return undefined
  if (job.status !== 'cancelled') return refuse('JobNotOpen')
  if (!isFinal) return refuse('OnlyFinal')
  return now > job.cancelEndsAt ? refuse('CancelWindowOver') : undefined
}

function notPossible(job: JobState, claim: SettlementCalls['assertEarnings'], totals: Counts): Refused | undefined {
  const { rounds, isFinal } = claim
  const links = linksOf(job, claim)
  if (rounds > job.rounds || links > job.finalRounds) return refuse('RoundsNotFinal')
  if (rounds < job.settled.rounds) return refuse('RoundsDecrease')
  const isLastRound = job.status === 'cancelled' || job.isEnded || rounds === job.terms.rounds
  if (isFinal && !(isLastRound && rounds === job.rounds)) return refuse('NotFinished')
  if (!atLeast(totals, job.settled.totals)) return refuse('TotalsDecrease')
  // A closing link may hold work of the round in which a job was cut short.
  const most = { ...mostCounts(job.terms, Math.min(links, job.terms.rounds)), coordinated: BigInt(rounds) }
  return atLeast(most, totals) ? undefined : refuse('TotalsExceedRounds')
}

/** A final assertion covers the link that closed the chain, too. */
const linksOf = ({ isEnded }: JobState, { isFinal, rounds }: SettlementCalls['assertEarnings']): number =>
  isFinal && isEnded ? rounds + 1 : rounds

/** Undefined unless accounts ascend: one leaf each, so that what a leaf says can be judged. */
function rootOf(hashing: SettlementHashing, job: JobId, leaves: readonly Leaf[]): HashHex | undefined {
  const accounts = leaves.map(({ account }) => BigInt(account))
  const isOrdered = accounts.every((account, i) => i === 0 || account > accounts[i - 1]!)
  return isOrdered ? hashing.earningsTree(leaves.map(leaf => ({ job, ...leaf }))).root : undefined
}

/** Nothing, for an account without a leaf. */
export const countsOf = (leaves: readonly Leaf[], account: Account): Counts =>
  leaves.find(leaf => leaf.account === account)?.counts ?? noCounts
