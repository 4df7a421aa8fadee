/** Commitments: accepted when they start from the agreed state and enough custodians of other owners have signed. */
import type { SignedCommitment } from '../../messages.ts'
import type { JobId, Unit } from '../../units.ts'
import type { Peer } from '../events.ts'
import { type UnitOutcome, type UnitRecord, unitName } from '../unit-machine.ts'
import { changeJob, type Draft, jobOf, move, note, putNode, recordOf, shortPeer, startRootOf } from './draft.ts'
import { endJob, sendEnded } from './end.ts'
import { addReport, agreeWhenReported } from './rounds.ts'
import type { JobRecord } from './state.ts'

export interface CommitEvent {
  readonly event: 'commit'
  readonly job: JobId
  readonly peer: Peer
  readonly unit: Unit
  readonly outcome: UnitOutcome
}

function acknowledge(draft: Draft, peer: Peer, unit: Unit): void {
  const about = { about: 'commit', kind: unit.kind, round: unit.round, replica: unit.replica } as const
  draft.effects.push({ effect: 'send', to: peer, job: unit.job, kind: 'noted', body: about })
}

/** Counts custodians that are neither the worker nor of its owner, each once. */
function custodiansOf({ state }: Draft, { worker, custody }: SignedCommitment): number {
  const owner = state.nodes.get(worker)?.owner
  const others = custody
    .map(({ peer }) => peer)
    .filter(peer => peer !== worker && state.nodes.get(peer)?.owner !== owner)
  return new Set(others).size
}

/** Root that a replica's next unit starts from; none before its first. */
export function replicaRootBefore({ rounds }: JobRecord, round: number, replica: number) {
  const outcome = rounds[round - 1]?.units[replica]?.outcome
  return outcome?.kind === 'trained' ? outcome.commitment.commitment.newReplicaRoot : undefined
}

/** Says what is wrong with a commitment, if anything. */
function refusal(draft: Draft, job: JobRecord, { unit, outcome, peer }: CommitEvent): string | undefined {
  if (outcome.kind === 'diverged') {
    const holder = recordOf(job, unit)?.lease?.node
    return holder === peer ? undefined : 'only the node that has the lease may say that it diverged'
  }
  const evaluated = outcome.kind === 'evaluated'
  const startRoot = evaluated ? job.rounds[unit.round]?.globalRoot : startRootOf(job, unit.round)
  if (startRoot === undefined) return 'the state it starts from is not agreed yet'
  const given = evaluated ? outcome.evaluation.globalRoot : outcome.commitment.commitment.globalRoot
  if (given !== startRoot) return `it starts from the state ${given.slice(0, 8)}, not ${startRoot.slice(0, 8)}`
  if (evaluated) return undefined
  const before = replicaRootBefore(job, unit.round, unit.replica)
  const { replicaRoot } = outcome.commitment.commitment
  if (before !== undefined && before !== replicaRoot) return 'it starts from another replica state'
  const custodians = custodiansOf(draft, outcome.commitment)
  const needed = job.facts.custodians
  return custodians >= needed ? undefined : `${custodians} custodians of other owners have signed, ${needed} are needed`
}

/** Learns how fast a node is from a lease it has fulfilled. */
function measure(draft: Draft, job: JobRecord, { lease, unit }: UnitRecord): void {
  const node = lease && draft.state.nodes.get(lease.node)
  if (lease === undefined || node === undefined || draft.nowMs <= lease.atMs) return
  const { operationsPerUnit, operationsPerEvaluation } = job.facts
  const operations = Number(unit.kind === 'train' ? operationsPerUnit : operationsPerEvaluation)
  const seen = Math.max(1, Math.round((operations * 1000) / (draft.nowMs - lease.atMs)))
  const operationsPerSecond = node.measured ? Math.round((node.operationsPerSecond * 3 + seen) / 4) : seen
  putNode(draft, { ...node, operationsPerSecond, measured: true })
}

const outcomeText = ({ outcome, peer }: CommitEvent): string => {
  if (outcome.kind === 'diverged') return `${shortPeer(peer)} left the domain at ${outcome.divergence.operator}`
  if (outcome.kind === 'evaluated') return `evaluated by ${shortPeer(peer)}`
  const keepers = outcome.commitment.custody.map(({ peer: keeper }) => shortPeer(keeper))
  return `committed by ${shortPeer(peer)}${keepers.length > 0 ? `, kept by ${keepers.join(', ')}` : ''}`
}

/** A commitment names the state it starts from, which says what its worker found the round before to end with. */
function impliedReport(draft: Draft, { job, peer, outcome, unit }: CommitEvent): void {
  if (outcome.kind !== 'trained' || unit.round === 0) return
  addReport(draft, job, unit.round - 1, peer, { globalRoot: outcome.commitment.commitment.globalRoot })
  agreeWhenReported(draft, job)
}

/** Who keeps a job's blobs takes part in it: it is told of rounds, and others are told of it. */
function joinCustodians(draft: Draft, { job, outcome }: CommitEvent): void {
  if (outcome.kind !== 'trained') return
  const keepers = outcome.commitment.custody.map(({ peer }) => peer)
  changeJob(draft, job, old => ({ ...old, participants: new Set([...old.participants, ...keepers]) }))
}

/** Takes a commitment, whoever has the lease by now; repeats are acknowledged again. */
export function onCommit(draft: Draft, event: CommitEvent): void {
  const { job: id, peer, unit } = event
  if (jobOf(draft, id)?.ended) {
    sendEnded(draft, id, peer)
    return
  }
  impliedReport(draft, event)
  const job = jobOf(draft, id)
  const record = job && recordOf(job, unit)
  if (job === undefined || record === undefined || job.ended) return
  if (record.state === 'committed' || record.state === 'settled') {
    acknowledge(draft, peer, unit)
    return
  }
  const wrong = refusal(draft, job, event)
  if (wrong !== undefined) {
    const about = { job: id, round: unit.round, replica: unit.replica, node: peer }
    note(draft, `a commitment for ${unitName(unit)} is refused: ${wrong}`, about)
    return
  }
  if (record.lease?.node === peer) measure(draft, job, record)
  move(draft, record, { to: 'committed', reason: outcomeText(event), outcome: event.outcome })
  joinCustodians(draft, event)
  if (unit.kind === 'evaluate' && event.outcome.kind === 'diverged')
    endJob(draft, id, 'diverged', `the evaluation after round ${unit.round} left the domain`)
  acknowledge(draft, peer, unit)
  // Somebody else's lease on it is over: told so, they stop.
  if (record.lease !== undefined && record.lease.node !== peer) acknowledge(draft, record.lease.node, unit)
}
