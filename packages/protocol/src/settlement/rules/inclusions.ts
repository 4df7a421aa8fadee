/** Units that workers put on the chain, so that the next link cannot leave them out. Twin of Inclusions.sol. */
import type { HashHex } from '@cairn/primitives'
import type { SettlementCalls } from '../calls.ts'
import { andThen, type CallContext, done, type Outcome, type Rules, refuse } from '../rule.ts'
import { type InclusionState, type JobState, nodeOf, type Settlement, withJob } from '../state.ts'
import { type Account, POLICIES } from '../terms.ts'
import { type Anchor, custodyMessage, leaseMessage, type Signature, type SignedMessage } from '../works.ts'

type Include = SettlementCalls['include']

export const inclusionRules: Rules<'include'> = {
  include(state, args, context) {
    const { lease, claim, signature, document } = args
    const job = state.jobs.get(lease.job)
    if (!job) return refuse('JobUnknown')
    const code = notIncludable(job, args, context.now) ?? notSigned(state, job, args, context)
    if (code) return refuse(code)
    const { from: worker, now } = context
    if (freeOf(state, worker) < job.unitBond) return refuse('StakeTooLow')
    const { index } = lease
    const isTaken = includedNow(job, job.head).some(one => one.index === index && binds(state, one, now))
    if (isTaken) return refuse('AlreadyIncluded')
    const bindsUntil = now + 2 * state.parameters.leaseSeconds
    const one = { head: job.head, index, worker, claim, bindsUntil, signature }
    const event = { event: 'Included', args: { job: lease.job, ...one, document } } as const
    return done(withJob(state, lease.job, { ...job, included: [...job.included, one] }), event)
  },
}

/** Refuses a link that leaves out what binds it. Its bonds are locked: who has no stake left cannot hold up the others. */
export const requireIncluded = (grown: Outcome, anchor: Anchor, now: number): Outcome =>
  andThen(grown, state => {
    const job = state.jobs.get(anchor.job)!
    const isLeftOut = includedNow(job, anchor.previousHead).some(
      one => binds(state, one, now) && !isAmong(anchor, one) && freeOf(state, one.worker) >= job.unitBond,
    )
    return isLeftOut ? refuse('WorkLeftOut') : done(state)
  })

const includedNow = ({ included }: JobState, head: HashHex): readonly InclusionState[] =>
  included.filter(one => one.head === head)

/** After a while it binds nobody, whatever is included, and a claim that was refuted never does. */
const binds = ({ lost }: Settlement, { bindsUntil, signature }: InclusionState, now: number): boolean =>
  now < bindsUntil && !lost.has(signature)

const isAmong = ({ works }: Anchor, { index, worker, claim }: InclusionState): boolean =>
  works.some(work => work.index === index && work.worker === worker && work.claim === claim)

function notIncludable(job: JobState, { lease, kept }: Include, now: number) {
  const { status, terms, unitBond, isEnded, rounds } = job
  if (status !== 'open') return 'JobNotOpen'
  if (POLICIES[terms.policy] === 'redundancy' || unitBond === 0n) return 'NotDisputable'
  if (lease.epoch > job.lease.epoch) return 'WrongEpoch' // an earlier one counts while its signer is the holder
  if (isEnded) return 'JobEnded'
  if (rounds === terms.rounds) return 'AllRoundsAnchored'
  if (lease.round !== rounds) return 'WrongRound'
  if (now > lease.until) return 'LeaseOver'
  const isFitting = lease.index < terms.replicas && lease.custodians.length <= terms.custodians
  return isFitting && kept.length === lease.custodians.length ? undefined : 'BadWorks'
}

/** In the order in which the contract looks: the lease, the work, the custodians. */
function notSigned(
  { lost }: Settlement,
  { lease: { holder }, root, claims }: JobState,
  { lease, claim, signature, kept }: Include,
  { hashing, from: worker }: CallContext,
) {
  const { job, round, index, custodians } = lease
  const custody = custodyMessage(lease, claim)
  const signed: (readonly [Account | undefined, SignedMessage, Signature])[] = [
    [holder, leaseMessage(lease, worker), lease.signature],
    [worker, { of: 'work', job, round, index, root, claims, claim }, signature],
    ...custodians.map((custodian, i) => [custodian, custody, kept[i]!] as const),
  ]
  for (const [signer, message, by] of signed) {
    if (signer === undefined || !hashing.isSigned(signer, message, by)) return 'BadSignature'
    if (lost.has(by)) return 'ClaimLost'
  }
  return undefined
}

/** The largest bond that can be locked in a node's stake. */
function freeOf(state: Settlement, account: Account): bigint {
  const { owner, stake, locked } = nodeOf(state, account)
  return owner === undefined || stake < state.parameters.minimumStake ? 0n : stake - locked
}
