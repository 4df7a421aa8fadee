/** What a link of a job's chain must hold, and the bonds behind it. Twin of Rounds.sol and WorkSignatures.sol. */
import { DIVERGED_ROOT, MOST_CHECKPOINTS } from '../../units.ts'
import type { SettlementCalls } from '../calls.ts'
import { andThen, type CallContext, done, type Outcome, refuse } from '../rule.ts'
import { type JobState, type LinkState, type Settlement, withJob } from '../state.ts'
import { type Account, evaluationsIn, isEvaluated, type Terms } from '../terms.ts'
import {
  type Anchor,
  type Audit,
  answeringIn,
  attestationMessage,
  isAttestation,
  outerMessage,
  type Work,
  workMessage,
} from '../works.ts'
import { lock } from './registry.ts'

/** A round has all its replicas, in order, and the evaluation where one is due. */
export function isFull({ works, round }: Anchor, terms: Terms): boolean {
  const length = terms.replicas + Number(isEvaluated(terms, round))
  return works.length === length && works.at(-1)?.index === length - 1
}

/**
 * Nothing is done of a round that a job does not have; without an outer step there is nothing to evaluate. Who says that a job left
 * the domain shows the units of all its replicas: without them nobody could do its outer step again and dispute it.
 */
export function isPart({ works }: Anchor, { replicas }: Terms, isComplete: boolean, isCancelled: boolean): boolean {
  if (isComplete) return works.length === 0
  return (isCancelled || works.length === replicas) && (works.at(-1)?.index ?? 0) < replicas
}

/** Tells whether a link's last work is an evaluation that is said to have left the domain. */
export function isDiverged({ anchor: { works }, claims }: SettlementCalls['anchor'], { replicas }: Terms): boolean {
  const isEvaluated = claims.length === works.length && works.at(-1)?.index === replicas
  return isEvaluated && claims.at(-1)?.updateRoot === DIVERGED_ROOT
}

/** What left the domain ends its job, in its round. */
export const areInDomain = (claims: SettlementCalls['anchor']['claims']): boolean =>
  claims.every(({ updateRoot }) => updateRoot !== DIVERGED_ROOT)

/** Locks the bonds of a link's works and attestations and adds it to its job, changed by `grow`. */
export function append(
  state: Settlement,
  { anchor, claims }: SettlementCalls['anchor'],
  outerNeeded: boolean,
  { hashing, now }: CallContext,
  grow: (job: JobState, link: LinkState) => JobState,
): Outcome {
  const job = state.jobs.get(anchor.job)!
  const { terms } = job
  if (!areWorksGood(anchor.works, terms)) return refuse('BadWorks')
  const audits = (job.links[anchor.round - 1]?.audits ?? 0) + anchor.audits.length
  // Only the works of earlier rounds can have been audited.
  const units = anchor.round * terms.replicas + evaluationsIn(terms, anchor.round)
  if (!areAuditsGood(anchor, job) || audits > units * terms.verifiers) return refuse('BadAudits')
  const unsigned = notSigned(anchor, terms, outerNeeded, { state, hashing })
  if (unsigned) return refuse(unsigned)
  const unshown = notShown(anchor, claims, hashing)
  if (unshown) return refuse(unshown)
  const link = { head: hashing.anchorHead(anchor), anchor, anchoredAt: now, audits }
  const locked = answeringIn(anchor).reduce<Outcome>(
    (outcome, account, place) => andThen(outcome, rest => lockAt(rest, anchor, place, account)),
    done(state),
  )
  const shown = { event: 'Claimed', args: { head: link.head, claims } } as const
  return andThen(locked, rest => done(withJob(rest, anchor.job, grow(job, link)), shown))
}

const areWorksGood = (works: readonly Work[], { replicas, custodians }: Terms): boolean =>
  works.every(({ index, custodians: keepers }, i) => {
    const ascends = i === 0 || index > works[i - 1]!.index
    return ascends && keepers.length <= (index < replicas ? custodians : 0)
  })

/** A claim that nobody has seen, or that is too large to be shown again, is one that nobody can dispute. */
function notShown(
  { works }: Anchor,
  claims: SettlementCalls['anchor']['claims'],
  { claimHash }: Pick<CallContext['hashing'], 'claimHash'>,
): 'OtherClaim' | 'BadWorks' | undefined {
  if (claims.length !== works.length) return 'OtherClaim'
  for (const [i, claim] of claims.entries()) {
    if (claimHash(claim) !== works[i]!.claim) return 'OtherClaim'
    if (claim.checkpointRoots.length > MOST_CHECKPOINTS) return 'BadWorks'
  }
  return undefined
}

const areSameAudits = (a: Audit, b: Audit): boolean =>
  a.verifier === b.verifier && a.round === b.round && a.index === b.index && a.segment === b.segment

/**
 * An attestation to what a unit claimed before it was done again would be paid though it says nothing of the unit that counts, or be
 * held against a verifier that was right. Nor is one listed so late that its verifier no longer has what it would defend it with,
 * or in two links, with a bond in each.
 */
const areAuditsGood = ({ audits, round }: Anchor, { links, terms }: JobState): boolean =>
  audits.every((audit, i) => {
    const works = links[audit.round]?.anchor.works
    const isClaimed = works?.some(({ index, claim }) => index === audit.index && claim === audit.claim)
    const others = [...links.flatMap(({ anchor }) => anchor.audits), ...audits.slice(0, i)]
    const isListed = others.some(other => areSameAudits(other, audit))
    return audit.round < round && isClaimed && !isListed && round - audit.round <= terms.maximumUnsettled
  })

/** In the order of works and attestations: whoever comes first tells what is wrong. */
function notSigned(
  anchor: Anchor,
  { replicas }: Terms,
  outerNeeded: boolean,
  { state, hashing }: Pick<CallContext, 'hashing'> & { readonly state: Settlement },
): 'BadSignature' | 'ClaimLost' | 'OuterUnsigned' | undefined {
  const { isSigned, claimsHash } = hashing
  const outerStep = outerMessage(anchor, replicas, claimsHash)
  const signed = anchor.works.flatMap(work => {
    const unit = { ...work, message: workMessage(anchor, work, replicas, claimsHash) }
    return work.outer === '0x' ? [unit] : [unit, { ...work, message: outerStep, signature: work.outer }]
  })
  for (const { worker, message, signature } of signed) {
    if (!isSigned(worker, message, signature)) return 'BadSignature'
    if (state.lost.has(signature)) return 'ClaimLost'
  }
  if (outerNeeded && anchor.works.every(({ outer }) => outer === '0x')) return 'OuterUnsigned'
  for (const audit of anchor.audits) {
    if (!isSigned(audit.verifier, attestationMessage(anchor.job, audit), audit.signature)) return 'BadSignature'
    if (state.lost.has(audit.signature)) return 'ClaimLost'
  }
  return undefined
}

/** What is locked for a place of a link; nothing where nobody can challenge. */
export function bondAt({ jobs, parameters }: Settlement, anchor: Anchor, place: number): bigint {
  const { unitBond } = jobs.get(anchor.job)!
  return unitBond > 0n && isAttestation(anchor, place) ? parameters.challengeBond : unitBond
}

function lockAt(state: Settlement, anchor: Anchor, place: number, account: Account): Outcome {
  const bond = bondAt(state, anchor, place)
  return bond === 0n ? done(state) : lock(state, account, bond)
}
