/** Commitments: accepted when they start from the agreed state and enough custodians of other owners have signed. */
import type { HashHex } from '@cairn/primitives'
import type { Custody, SignedCommitment } from '../../messages.ts'
import { DIVERGED_ROOT, type JobId, type Unit } from '../../units.ts'
import type { Peer } from '../events.ts'
import { areSameClaims } from '../same-claims.ts'
import { evaluationOf, type UnitOutcome, type UnitRecord, unitName, workOf } from '../unit-machine.ts'
import {
  changeJob,
  changeRound,
  claimsBefore,
  type Draft,
  jobOf,
  move,
  note,
  recordOf,
  replicaRootBefore,
  shortPeer,
  startRootOf,
} from './draft.ts'
import { endAfter, sendEnded } from './end.ts'
import { measure } from './measure.ts'
import { sealedObstacle } from './redundancy.ts'
import { displace } from './rewind.ts'
import type { JobRecord } from './state.ts'

export interface CommitEvent {
  readonly event: 'commit'
  readonly job: JobId
  readonly peer: Peer
  readonly unit: Unit
  readonly outcome: UnitOutcome
  /** Claims that led to the state it starts from, as its worker has signed. */
  readonly before: readonly HashHex[]
  /** It came from the chain. */
  readonly isIncluded?: boolean
}

function acknowledge(draft: Draft, peer: Peer, unit: Unit): void {
  const about = { about: 'commit', kind: unit.kind, round: unit.round, replica: unit.replica } as const
  draft.effects.push({ effect: 'send', to: peer, job: unit.job, kind: 'noted', body: about })
}

/**
 * Picks the signatures that count: of registered nodes of other owners, named to the worker, each once, and no more than are
 * paid for. SAFETY: anybody can make a key and sign with it, and two friends could keep from all others what is to be audited.
 */
function custodyThatCounts(
  { state }: Draft,
  { worker, custody }: SignedCommitment,
  isNamed: (peer: Peer) => boolean,
): Custody[] {
  const owner = state.nodes.get(worker)?.owner
  const others = custody.filter(({ peer, account }) => {
    const node = state.nodes.get(peer)
    return node !== undefined && node.owner !== owner && node.account === account && isNamed(peer)
  })
  return [...new Map(others.map(entry => [entry.peer, entry])).values()]
}

function withoutCustody(event: CommitEvent, outcome: Extract<UnitOutcome, { kind: 'diverged' }>): CommitEvent {
  const commitment = { ...outcome.work.commitment, custody: [] }
  return { ...event, outcome: { ...outcome, work: { ...outcome.work, commitment } } }
}

/** Takes only the signatures that count into the round. The chain has seen to those of what was included. */
function withCustody(draft: Draft, job: JobRecord, { named }: UnitRecord, event: CommitEvent): CommitEvent {
  if (event.outcome.kind === 'evaluated') return event
  // There is nothing to keep of what left the domain.
  if (event.outcome.kind === 'diverged') return withoutCustody(event, event.outcome)
  const { commitment } = event.outcome
  const mayKeep = named?.get(commitment.worker)
  const counting = custodyThatCounts(draft, commitment, peer => event.isIncluded || mayKeep?.includes(peer) === true)
  const custody = counting.slice(0, job.facts.custodians)
  return { ...event, outcome: { ...event.outcome, commitment: { ...commitment, custody } } }
}

/**
 * Tells whether what was signed is about the states that the job has now: after a rewind, what was on its way says nothing
 * about them.
 */
export function isOfPresent(job: JobRecord, unit: Unit, before: readonly HashHex[]): boolean {
  const claims = claimsBefore(job, unit)
  return claims !== undefined && areSameClaims(claims, before)
}

/**
 * Tells whether an account may not do a unit: its claim on it was proven wrong, or its outer step of the round, for which it
 * could answer no more.
 */
export const isRefuted = ({ chain, facts }: JobRecord, { kind, round, replica }: Unit, account: string): boolean =>
  chain.wrongs.some(wrong => {
    const index = kind === 'evaluate' ? facts.replicas : replica
    const isWrong = wrong.isOuter ? kind === 'train' : wrong.index === index
    return isWrong && wrong.round === round && wrong.account === account
  })

/** Tells whether a node has the lease on a unit, or had it and gave it back or let it run out. */
const wasLeased = ({ lease, avoid }: UnitRecord, peer: Peer): boolean => lease?.node === peer || !!avoid?.has(peer)

/** Tells whether it says that the job has left the domain. */
const isEnd = ({ outcome }: CommitEvent): boolean =>
  outcome.kind === 'diverged' || evaluationOf({ outcome })?.evaluation.diverged !== undefined

const startProblem = (given: HashHex, start: HashHex): string | undefined =>
  given === start ? undefined : `it starts from the state ${given.slice(0, 8)}, not ${start.slice(0, 8)}`

/** Says what is wrong with a commitment, if anything. */
function refusal({ state }: Draft, job: JobRecord, record: UnitRecord, event: CommitEvent): string | undefined {
  const { unit, outcome, peer } = event
  if (isRefuted(job, unit, state.nodes.get(peer)?.account ?? '')) return 'what it said of that unit was proven wrong'
  // SAFETY: custodians vouch for training; for anything else the lease is all that speaks for who says it.
  if (outcome.kind !== 'trained' && !wasLeased(record, peer)) return 'it never had the lease on that unit'
  // Nobody ends a job who cannot answer for that.
  const stake = state.nodes.get(peer)?.freeStake ?? 0n
  if (isEnd(event) && stake < job.facts.unitBond) return 'it left the domain, and its stake does not cover the bond'
  const evaluated = outcome.kind === 'evaluated'
  const startRoot = evaluated ? job.rounds[unit.round]?.globalRoot : startRootOf(job, unit.round)
  if (startRoot === undefined) return 'the state it starts from is not agreed yet'
  if (evaluated) return startProblem(outcome.evaluation.globalRoot, startRoot)
  const { commitment, custody } = outcome.kind === 'trained' ? outcome.commitment : outcome.work.commitment
  const problem = startProblem(commitment.globalRoot, startRoot)
  if (problem !== undefined) return problem
  const before = replicaRootBefore(job, unit.round, unit.replica)
  const { replicaRoot, checkpointRoots } = commitment
  if (before !== undefined && before !== replicaRoot) return 'it starts from another replica state'
  const { custodians: needed, checkpoints } = job.facts
  if (checkpointRoots.length !== checkpoints) return `it has ${checkpointRoots.length} checkpoints, not ${checkpoints}`
  if (outcome.kind === 'diverged') return undefined
  const signed = custody.length
  return signed >= needed ? undefined : `${signed} custodians of other owners have signed, ${needed} are needed`
}

/** What a kind of unit may come to. */
const fits = ({ unit, outcome }: CommitEvent): boolean =>
  outcome.kind === 'evaluated'
    ? unit.kind === 'evaluate' && unit.replica === 0
    : unit.kind === 'train' && hasLeft(outcome) === (outcome.kind === 'diverged')

/** Tells whether a training unit is claimed to have left the domain: no chain takes it as if it had not. */
const hasLeft = (outcome: Exclude<UnitOutcome, { kind: 'evaluated' }>): boolean =>
  workOf({ outcome })?.commitment.commitment.updateRoot === DIVERGED_ROOT

const outcomeText = ({ outcome, peer, isIncluded }: CommitEvent): string => {
  if (outcome.kind === 'diverged') return `${shortPeer(peer)} left the domain at ${outcome.divergence.operator}`
  if (outcome.kind === 'evaluated')
    return `evaluated by ${shortPeer(peer)}${outcome.evaluation.diverged ? ': it left the domain' : ''}`
  const keepers = outcome.commitment.custody.map(({ peer: keeper }) => shortPeer(keeper))
  return `${isIncluded ? 'put on the chain' : 'committed'} by ${shortPeer(peer)}${keepers.length > 0 ? `, kept by ${keepers.join(', ')}` : ''}`
}

/** Who keeps a job's blobs takes part in it: it is told of rounds, and others are told of it. */
function joinCustodians(draft: Draft, { job, outcome }: CommitEvent): void {
  if (outcome.kind !== 'trained') return
  const keepers = outcome.commitment.custody.map(({ peer }) => peer)
  changeJob(draft, job, old => ({ ...old, participants: new Set([...old.participants, ...keepers]) }))
}

/** A worker that has computed the state after the round before it may be done before that state is agreed. */
const isEarly = (job: JobRecord, { unit, outcome }: CommitEvent): boolean =>
  outcome.kind === 'trained' && startRootOf(job, unit.round) === undefined

/**
 * Remembers such a commitment, that of who has the lease before all others. It is not acknowledged: whoever sent it sends
 * it again, but nobody has to wait for that.
 */
function keepEarly(draft: Draft, { lease }: UnitRecord, { job, peer, unit, outcome, before }: CommitEvent): void {
  if (outcome.kind !== 'trained') return
  const entry = { peer, commitment: outcome.commitment, claim: outcome.claim, before }
  changeRound(draft, job, unit.round, r =>
    r.early?.has(unit.replica) && lease?.node !== peer ? r : { ...r, early: new Map(r.early).set(unit.replica, entry) },
  )
}

/** Takes what came early once the state before it is agreed. */
export function takeEarly(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  const record = job?.rounds.at(-1)
  if (job === undefined || record?.early === undefined || startRootOf(job, record.round) === undefined) return
  changeRound(draft, id, record.round, ({ early: _, ...rest }) => rest)
  for (const { peer, before, ...work } of record.early.values()) {
    const { unit } = work.commitment.commitment
    onCommit(draft, { event: 'commit', job: id, peer, unit, outcome: { kind: 'trained', ...work }, before })
  }
}

/**
 * Takes a unit that its worker has put on the chain: the round is not anchored without it, whatever stands in its place, unless its
 * worker has no stake left for its bond. SAFETY: what this coordinator would refuse displaces nothing.
 */
export function onIncluded(draft: Draft, included: Omit<CommitEvent, 'event'>): void {
  const event: CommitEvent = { ...included, event: 'commit', isIncluded: true }
  const { job: id, unit, outcome, peer } = event
  const job = jobOf(draft, id)
  const record = job && recordOf(job, unit)
  if (job === undefined || record === undefined || !isOfPresent(job, unit, event.before)) return
  const isBonded = (draft.state.nodes.get(peer)?.freeStake ?? 0n) >= job.facts.unitBond
  if (unit.round < job.chain.anchored || !isBonded || !fits(event)) return
  const wrong = isEarly(job, event) ? undefined : refusal(draft, job, record, withCustody(draft, job, record, event))
  if (wrong !== undefined) {
    const about = { job: id, round: unit.round, replica: unit.replica, node: peer }
    note(draft, `${unitName(unit)}, put on the chain by its worker, is refused: ${wrong}`, about)
    return
  }
  const isOther = workOf(record)?.commitment.claimSignature !== workOf({ outcome })?.commitment.claimSignature
  if (job.ended !== undefined) {
    // The chain takes no end without it; with it the job may have another one.
    if (!isOther || job.ended.outcome !== 'diverged' || job.chain.isEnded) return
    changeJob(draft, id, ({ ended: _, ending: __, ...rest }) => rest)
  }
  if (record.state === 'committed' && isOther)
    displace(draft, record, `${shortPeer(peer)} has put its own on the chain`)
  onCommit(draft, event)
}

/** Takes a commitment, whoever has the lease by now; repeats are acknowledged again. */
export function onCommit(draft: Draft, given: CommitEvent): void {
  const { job: id, peer, unit } = given
  if (jobOf(draft, id)?.ended) {
    sendEnded(draft, id, peer)
    return
  }
  const job = jobOf(draft, id)
  if (job === undefined || !fits(given) || !isOfPresent(job, unit, given.before)) return
  const record = recordOf(job, unit)
  if (record === undefined) return
  const event = withCustody(draft, job, record, given)
  if (record.state !== 'open' && record.state !== 'leased') {
    acknowledge(draft, peer, unit)
    return
  }
  const unsealed = sealedObstacle(job, event)
  if (unsealed === undefined && isEarly(job, event)) {
    keepEarly(draft, record, event)
    return
  }
  const wrong = unsealed ?? refusal(draft, job, record, event)
  if (wrong !== undefined) {
    const about = { job: id, round: unit.round, replica: unit.replica, node: peer }
    note(draft, `a commitment for ${unitName(unit)} is refused: ${wrong}`, about)
    return
  }
  if (record.lease?.node === peer && record.lease.sealedMs === undefined) measure(draft, job, record)
  move(draft, record, { to: 'committed', reason: outcomeText(event), outcome: event.outcome })
  joinCustodians(draft, event)
  const diverged = evaluationOf(event)?.evaluation.diverged
  if (diverged !== undefined) {
    const reason = `the evaluation after round ${unit.round} left the domain at ${diverged.operator}`
    endAfter(draft, id, { round: unit.round, outcome: 'diverged', reason })
  }
  acknowledge(draft, peer, unit)
  // Somebody else's lease on it is over: told so, they stop.
  if (record.lease !== undefined && record.lease.node !== peer) acknowledge(draft, record.lease.node, unit)
}
