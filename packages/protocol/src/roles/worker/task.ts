/** A lease from its inputs to its commitment: fetch, run, have it kept, commit until noted. */
import type { HashHex } from '@cairn/primitives'
import type { SignedCommitment } from '../../messages.ts'
import type { JobId, Unit } from '../../units.ts'
import { areSameClaims } from '../same-claims.ts'
import { unitName } from '../unit-machine.ts'
import { changeJob, changeTask, type Draft, dropTask, ensure, jobOf, note, setBusy } from './draft.ts'
import { onUnitNoted, watchUnit } from './inclusion.ts'
import { ensurePrepared } from './prepare.ts'
import type { LeaseBody, Task } from './state.ts'

/** Tells whether two leases are on the same work: a rewind may have changed what a unit starts from. */
function isSameStart(a: LeaseBody, b: LeaseBody): boolean {
  const isClose = (x: HashHex | undefined, y: HashHex | undefined) => x === undefined || y === undefined || x === y
  return areSameClaims(a.claims, b.claims) && a.replicaRoot === b.replicaRoot && isClose(a.globalRoot, b.globalRoot)
}

const isSameUnit = (a: Unit, b: Pick<Unit, 'kind' | 'round' | 'replica'>): boolean =>
  a.kind === b.kind && a.round === b.round && a.replica === b.replica

const startTask = (body: LeaseBody, nowMs: number): Task => ({
  body,
  sinceMs: nowMs,
  phase: 'inputs',
  done: 0,
  lossBits: 0,
  sentMs: nowMs,
  sentDone: 0,
  custody: [],
  claimSignatures: new Map(),
  askedMs: new Map(),
})

/** Tells the coordinator how far the task is; also the answer that a lease was heard of. */
export function sendProgress(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  if (job?.task === undefined) return
  const { body, done } = job.task
  const lossBits = job.isSealed && body.unit.kind === 'train' ? 0 : job.task.lossBits
  changeTask(draft, id, task => ({ ...task, sentMs: draft.nowMs, sentDone: done }))
  const progress = { lease: body.lease, done, lossBits }
  draft.effects.push({ effect: 'send', to: job.coordinator, job: id, kind: 'progress', body: progress })
}

function release(draft: Draft, id: JobId, to: string, lease: number, reason: string): void {
  draft.effects.push({ effect: 'send', to, job: id, kind: 'release', body: { lease, reason: reason.slice(0, 200) } })
}

/** Gives a lease back and stops what was under way. */
export function abandon(draft: Draft, id: JobId, reason: string): void {
  const job = jobOf(draft, id)
  if (job?.task === undefined) return
  if (job.task.phase === 'running') draft.effects.push({ effect: 'stop', job: id })
  release(draft, id, job.coordinator, job.task.body.lease, reason)
  dropTask(draft, id)
}

/** Takes a lease, or hears of one again. */
export function onLease(draft: Draft, id: JobId, body: LeaseBody): void {
  const job = jobOf(draft, id)
  const otherJob = [...draft.state.jobs.values()].find(other => other.job !== id && other.task !== undefined)
  if (job === undefined) return
  const refusal = draft.state.leaving ? 'the node is leaving' : otherJob && 'the node works on another job'
  if (refusal !== undefined) {
    release(draft, id, job.coordinator, body.lease, refusal)
    return
  }
  const old = job.task
  if (old !== undefined && isSameUnit(old.body.unit, body.unit) && isSameStart(old.body, body)) {
    const isOther = old.body.lease !== body.lease
    changeTask(draft, id, task => ({ ...(isOther ? sealedAgain(keptAgain(task, body)) : task), body }))
  } else {
    if (old?.phase === 'running') draft.effects.push({ effect: 'stop', job: id })
    changeJob(draft, id, j => ({ ...j, task: startTask(body, draft.nowMs) }))
  }
  sendProgress(draft, id)
}

/** Only the custodians count that a lease names; what then is missing is asked for anew. */
function keptAgain(task: Task, { custodians, custodiansNeeded }: LeaseBody): Task {
  const custody = task.custody.filter(({ peer }) => custodians.some(named => named.peer === peer))
  const isShort = task.outcome?.outcome === 'trained' && custody.length < custodiansNeeded
  if (!isShort) return { ...task, custody }
  const { outcome: _, ...rest } = task
  return { ...rest, custody, phase: 'custody' }
}

/** The coordinator has given it anew, and may know nothing of what was opened to the one before. */
const sealedAgain = (task: Task): Task =>
  task.sealed && (task.phase === 'custody' || task.phase === 'commit') ? { ...task, phase: 'sealed' } : task

/** Root of the global state that a task starts from, once this worker knows it. */
function globalRootOf(draft: Draft, id: JobId, { unit, globalRoot, claims }: LeaseBody): HashHex | undefined {
  const { closed, heads } = jobOf(draft, id) ?? {}
  const before = unit.kind === 'evaluate' ? unit.round : unit.round - 1
  // What this worker found of other units says nothing here.
  const isOwn = areSameClaims(closed?.get(before)?.claims ?? [], claims)
  return globalRoot ?? (isOwn ? heads?.get(before + 1) : undefined)
}

/** Runs a task whose inputs are here. */
export function runWhenReady(draft: Draft, id: JobId): void {
  const task = jobOf(draft, id)?.task
  if (task?.phase !== 'inputs') return
  const { body } = task
  const sourceOf = (root: HashHex) => body.sources.find(source => source.root === root)?.peers ?? []
  const isPrepared = ensurePrepared(draft, id, sourceOf(body.document))
  const globalRoot = globalRootOf(draft, id, body)
  if (globalRoot === undefined || !isPrepared) return
  const roots = [globalRoot, ...(body.replicaRoot === undefined ? [] : [body.replicaRoot])]
  const isHere = ensure(
    draft,
    id,
    body.unit.round,
    roots.map(root => ({ root, peers: () => sourceOf(root) })),
  )
  if (!isHere || draft.state.busy !== undefined) return
  setBusy(draft, { job: id, work: 'unit', round: body.unit.round, lease: body.lease })
  changeTask(draft, id, t => ({ ...t, phase: 'running' }))
  const { replicaRoot, before } = body
  draft.effects.push({
    effect: 'run',
    job: id,
    lease: body.lease,
    unit: body.unit,
    globalRoot,
    ...(replicaRoot === undefined ? {} : { replicaRoot }),
    ...(before && { before }),
    claims: body.claims,
  })
}

/** Asks custodians in their order until enough have signed; a silent one is followed by the next. */
export function tendCustody(draft: Draft, id: JobId): void {
  const task = jobOf(draft, id)?.task
  if (task?.phase !== 'custody' || task.signed === undefined) return
  const { custodians, custodiansNeeded } = task.body
  const { custodyMs } = draft.state.settings
  if (task.custody.length >= custodiansNeeded) {
    toCommit(draft, id, task, task.signed)
    return
  }
  const hasSigned = (peer: string) => task.custody.some(custody => custody.peer === peer)
  const isSlow = (peer: string) => draft.nowMs - (task.askedMs.get(peer) ?? draft.nowMs) >= custodyMs
  const pending = custodians.filter(({ peer }) => task.askedMs.has(peer) && !hasSigned(peer) && !isSlow(peer))
  const missing = custodiansNeeded - task.custody.length - pending.length
  // Once everybody was asked in vain, the round of asking begins anew.
  const fresh = custodians.filter(({ peer }) => !task.askedMs.has(peer))
  const again = custodians.filter(({ peer }) => task.askedMs.has(peer) && !hasSigned(peer) && isSlow(peer))
  for (const { peer } of [...fresh, ...again].slice(0, Math.max(0, missing))) askToKeep(draft, id, task.signed, peer)
}

function askToKeep(draft: Draft, id: JobId, { commitment }: Omit<SignedCommitment, 'custody'>, to: string): void {
  changeTask(draft, id, task => ({ ...task, askedMs: new Map(task.askedMs).set(to, draft.nowMs) }))
  draft.effects.push({ effect: 'sendKeep', to, commitment })
}

function toCommit(draft: Draft, id: JobId, task: Task, signed: Omit<SignedCommitment, 'custody'>): void {
  const { custody, body } = task
  const commitment: SignedCommitment = { ...signed, custody: [...custody] }
  const outcome = { lease: body.lease, outcome: 'trained', commitment } as const
  changeTask(draft, id, old => ({ ...old, phase: 'commit', outcome }))
  watchUnit(draft, id, task, commitment)
  draft.effects.push({ effect: 'publish', job: id, commitment })
  sendCommit(draft, id)
}

export function sendCommit(draft: Draft, id: JobId): void {
  const job = jobOf(draft, id)
  if (job?.task?.outcome === undefined) return
  changeTask(draft, id, task => ({ ...task, sentMs: draft.nowMs }))
  draft.effects.push({ effect: 'send', to: job.coordinator, job: id, kind: 'commit', body: job.task.outcome })
}

/** The unit is committed, by this worker or another: on to the next lease. */
export function onCommitNoted(draft: Draft, id: JobId, unit: Pick<Unit, 'kind' | 'round' | 'replica'>): void {
  const task = jobOf(draft, id)?.task
  if (unit.kind === 'train') onUnitNoted(draft, id, unit)
  if (task === undefined || !isSameUnit(task.body.unit, unit)) return
  if (task.phase === 'running') draft.effects.push({ effect: 'stop', job: id })
  if (task.phase !== 'commit') note(draft, `${unitName(task.body.unit)} was done by another node`, { job: id })
  dropTask(draft, id)
}
