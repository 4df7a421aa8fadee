/**
 * A host of the roles under virtual time: messages are lost, doubled and late, nodes die with and without their disks,
 * the coordinator is restored from its journal, the chain loses transactions. Nothing here knows what a role will do.
 */
import type { HashHex } from '@cairn/primitives'
import { philox4x32 } from '@cairn/primitives'
import type { CoordinatorEffect } from '../roles/coordinator/draft.ts'
import { type CoordinatorState, DEFAULT_SETTINGS, emptyCoordinator, type JobFacts } from '../roles/coordinator/state.ts'
import { type CoordinatorEvent, tickCoordinator } from '../roles/coordinator.ts'
import type { Peer, SendEffect } from '../roles/events.ts'
import { emptyWorker, type WorkerEffect, type WorkerEvent, type WorkerState } from '../roles/worker/state.ts'
import { tickWorker } from '../roles/worker.ts'
import type { RoundDocument } from '../round-document.ts'
import type { JobId } from '../units.ts'
import { toyChain } from './toy-chain.ts'
import { toyDocument, toyEvaluation, toyInitialRoot, toyOuter, toyUnit } from './toy-work.ts'

const COORDINATOR: Peer = 'c'.repeat(64)
const ACCOUNT = `0x${'c'.repeat(40)}`

export interface Faults {
  /** Of 100 messages. */
  readonly lost: number
  readonly doubled: number
  /** Of 100 fetches and transactions. */
  readonly failed: number
  /** A node dies about every so many milliseconds of virtual time; none when 0. */
  readonly deathEveryMs: number
  /** Of 100 deaths, those that take the disk along. */
  readonly wiped: number
  /** The coordinator is killed and restored about every so many milliseconds; never when 0. */
  readonly restoreEveryMs: number
  /** Another coordinator, which knows only what is anchored, takes over about every so many milliseconds. */
  readonly replaceEveryMs: number
}

const NO_FAULTS: Faults = {
  lost: 0,
  doubled: 0,
  failed: 0,
  deathEveryMs: 0,
  wiped: 0,
  restoreEveryMs: 0,
  replaceEveryMs: 0,
}

interface Node {
  readonly peer: Peer
  readonly owner: string
  state: WorkerState
  disk: Set<HashHex>
  isUp: boolean
  /** Work begun before a death must not end after it. */
  life: number
}

interface Queued {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export interface ToyNetworkOptions {
  readonly facts: JobFacts
  readonly workers: number
  readonly seed: number
  readonly faults?: Partial<Faults>
  /** When the submitter cancels the job; never when left out. */
  readonly cancelAtMs?: number
  /** Called after every tick of the coordinator. */
  readonly onTick?: (state: CoordinatorState, event: CoordinatorEvent) => void
}

export interface ToyResult {
  readonly state: CoordinatorState
  readonly finalRoot: HashHex | undefined
  readonly events: number
  readonly journal: readonly { readonly event: CoordinatorEvent; readonly nowMs: number; readonly seed: number }[]
  readonly reasons: readonly string[]
  readonly virtualMs: number
  readonly calls: readonly string[]
}

const LONGEST_MS = 14_400_000

/** Runs a job until it is closed on the chain, or four hours of virtual time have passed. */
export function runToyNetwork({
  facts,
  workers,
  seed,
  faults: given,
  cancelAtMs,
  onTick,
}: ToyNetworkOptions): ToyResult {
  const faults: Faults = { ...NO_FAULTS, ...given }
  const settings = { account: ACCOUNT, ...DEFAULT_SETTINGS }
  const queue: Queued[] = []
  const journal: { event: CoordinatorEvent; nowMs: number; seed: number }[] = []
  const reasons: string[] = []
  const documents = new Map<number, RoundDocument>()
  const chain = toyChain(ACCOUNT, facts.rounds)
  let [nowMs, order, draws, coordinatorLife, coordinator] = [0, 0, 0, 0, emptyCoordinator(settings)]
  const draw = (below: number) => philox4x32([draws++, 0, 0, 0], [seed, 1])[0] % below
  const later = (ms: number, run: () => void) => {
    const entry = { atMs: nowMs + ms, order: order++, run }
    const at = queue.findIndex(q => q.atMs > entry.atMs)
    queue.splice(at < 0 ? queue.length : at, 0, entry)
  }
  const nodes = Array.from({ length: workers }, (_, i): Node => {
    const peer = (i + 1).toString(16).padStart(8, 'a').padEnd(64, '0')
    return { peer, owner: `owner ${i}`, state: emptyWorker(), disk: new Set(), isUp: true, life: 0 }
  })

  function tellCoordinator(event: CoordinatorEvent): void {
    const entry = { event, nowMs, seed: draw(2 ** 31) }
    journal.push(entry)
    const ticked = tickCoordinator(coordinator, event, nowMs, entry.seed)
    coordinator = ticked.state
    onTick?.(coordinator, event)
    for (const effect of ticked.effects) perform(effect)
  }

  function tellWorker(node: Node, event: WorkerEvent): void {
    if (!node.isUp) return
    const ticked = tickWorker(node.state, event, nowMs)
    node.state = ticked.state
    for (const effect of ticked.effects) performFor(node, effect)
  }

  /** Delivers none, one or two times, after a while. */
  function post(deliver: () => void): void {
    const times = draw(100) < faults.lost ? 0 : draw(100) < faults.doubled ? 2 : 1
    for (let i = 0; i < times; i++) later(1 + draw(30), deliver)
  }

  function perform(effect: CoordinatorEffect): void {
    const life = coordinatorLife
    const send = (deliverIt: () => void) => post(() => life === coordinatorLife && deliverIt())
    if (effect.effect === 'reason') reasons.push(effect.text)
    if (effect.effect === 'send') send(() => deliver(effect))
    if (effect.effect === 'announceAnchored')
      for (const peer of effect.to)
        post(() =>
          toNode(peer, { event: 'anchored', job: effect.job, round: effect.round, document: new Uint8Array() }),
        )
    if (effect.effect === 'call') {
      if (effect.call.call === 'anchor') keepDocument(effect.job, effect.call.round)
      later(20 + draw(200), () => {
        if (draw(100) >= faults.failed) chain.perform(effect.call, nowMs)
        if (coordinator.jobs.get(effect.job)?.isBehind) tellJob()
        if (life !== coordinatorLife) return
        tellCoordinator({ event: 'chain', job: effect.job, view: chain.view(nowMs) })
        tellCoordinator({ event: 'called', job: effect.job, ok: draw(2) === 0 })
      })
    }
  }

  const toNode = (peer: Peer, event: WorkerEvent) => {
    const node = nodes.find(n => n.peer === peer)
    if (node !== undefined) tellWorker(node, event)
  }

  function deliver({ to, job, kind, body }: SendEffect): void {
    if (job === undefined) return
    if (kind === 'lease' || kind === 'closed') toNode(to, { event: kind, from: COORDINATOR, job, body } as WorkerEvent)
    if (kind === 'noted') toNode(to, { event: 'noted', job, body })
    if (kind === 'ended') toNode(to, { event: 'ended', job, ...body })
  }

  function fromWorker(peer: Peer, { kind, job, body }: SendEffect): void {
    if (job === undefined) return
    if (kind === 'progress' || kind === 'release')
      tellCoordinator({ event: kind, job, peer, ...body } as CoordinatorEvent)
    if (kind === 'report') tellCoordinator({ event: 'report', job, peer, ...body })
    if (kind !== 'commit') return
    if (body.outcome === 'trained') {
      const { commitment } = body
      const outcome = { kind: 'trained', commitment } as const
      tellCoordinator({ event: 'commit', job, peer, unit: commitment.commitment.unit, outcome })
    } else if (body.outcome === 'evaluated') {
      const { evaluation } = body
      tellCoordinator({ event: 'commit', job, peer, unit: evaluation.unit, outcome: { kind: 'evaluated', evaluation } })
    }
  }

  function performFor(node: Node, effect: WorkerEffect): void {
    const { life, peer } = node
    const answer = (ms: number, event: () => WorkerEvent) =>
      later(ms, () => {
        if (node.life === life && node.isUp) tellWorker(node, event())
      })
    const { effect: kind } = effect
    if (kind === 'send') post(() => fromWorker(peer, effect))
    else if (kind === 'prepare') answer(50, () => ({ event: 'prepared', job: effect.job, ok: true, reason: '' }))
    else if (kind === 'fetch') answer(5 + draw(50), () => fetched(node, effect))
    else if (kind === 'run') answer(500 + draw(1500), () => ran(node, effect))
    else if (kind === 'outer')
      answer(50, () => {
        const globalRoot = toyOuter(effect.startRoot, effect.updates)
        node.disk.add(globalRoot)
        return { event: 'applied', job: effect.job, round: effect.round, outcome: { globalRoot } }
      })
    else if (kind === 'sendKeep') {
      const { unit, updateRoot, newReplicaRoot } = effect
      const keep = { job: unit.job, unit, updateRoot, newReplicaRoot, holder: { peer, addresses: [] } }
      post(() => toNode(effect.to, { event: 'keep', keep }))
    } else if (kind === 'sendKept') {
      const { job, unit, holder } = effect.keep
      post(() => toNode(holder.peer, { event: 'kept', job, unit, custody: { peer, signature: '0'.repeat(128) } }))
    }
  }

  function fetched(node: Node, { job, root, peers }: Extract<WorkerEffect, { effect: 'fetch' }>): WorkerEvent {
    const holders = nodes.filter(n => n.isUp && peers.some(({ peer }) => peer === n.peer) && n.disk.has(root))
    const ok = node.disk.has(root) || root === toyInitialRoot || (holders.length > 0 && draw(100) >= faults.failed)
    if (ok) node.disk.add(root)
    return { event: 'fetched', job, root, ok, reason: ok ? '' : 'nobody has it' }
  }

  function ran(node: Node, e: Extract<WorkerEffect, { effect: 'run' }>): WorkerEvent {
    const { job, lease, unit, globalRoot, replicaRoot } = e
    if (unit.kind === 'evaluate')
      return { event: 'evaluated', job, lease, evaluation: toyEvaluation(unit, globalRoot, node.peer) }
    const signed = toyUnit(unit, globalRoot, replicaRoot, node.peer)
    node.disk.add(signed.commitment.updateRoot).add(signed.commitment.newReplicaRoot)
    return { event: 'trained', job, lease, signed }
  }

  /** Custody covers as many lost disks as there are custodians; a test of it must not take the last copy. */
  function isCopied(node: Node): boolean {
    const rounds = coordinator.jobs.get(facts.job)?.rounds.slice(-3) ?? []
    const needed = rounds.flatMap(({ units, globalRoot, early }) => {
      const kept = units.flatMap(({ outcome }) => (outcome?.kind === 'trained' ? [outcome.commitment] : []))
      const soon = [...(early?.values() ?? [])].map(({ commitment }) => commitment)
      const roots = [...kept, ...soon].flatMap(({ commitment }) => [commitment.updateRoot, commitment.newReplicaRoot])
      return globalRoot === undefined ? roots : [globalRoot, ...roots]
    })
    const others = nodes.filter(other => other !== node)
    return needed.every(root => !node.disk.has(root) || others.some(({ disk }) => disk.has(root)))
  }

  function kill(): void {
    later(1 + draw(2 * faults.deathEveryMs), kill)
    const node = nodes[draw(nodes.length)] as Node
    if (!node.isUp || nodes.some(({ isUp }) => !isUp)) return
    Object.assign(node, { isUp: false, life: node.life + 1, state: emptyWorker() })
    if (draw(100) < faults.wiped && isCopied(node)) node.disk = new Set()
    later(1000 + draw(20_000), () => {
      node.isUp = true
    })
  }

  /** A coordinator that comes back has its journal, and so its state; what it was about to send is gone. */
  function restore(): void {
    later(1 + draw(2 * faults.restoreEveryMs), restore)
    coordinatorLife++
  }

  /** Workers keep the documents of rounds; here one place does. */
  function keepDocument(job: JobId, round: number): void {
    const record = coordinator.jobs.get(job)?.rounds[round]
    if (record !== undefined) documents.set(round, toyDocument(job, record))
  }

  /** Tells a coordinator of the job as far as the chain has it. */
  function tellJob(): void {
    const view = chain.view(nowMs)
    const history = Array.from({ length: view.anchored }, (_, round) => ({
      document: documents.get(round) as RoundDocument,
      coordinator: ACCOUNT,
    }))
    tellCoordinator({ event: 'job', facts, submitter: '0xs', chain: view, history })
  }

  function replace(): void {
    later(1 + draw(2 * faults.replaceEveryMs), replace)
    coordinatorLife++
    journal.length = 0
    coordinator = emptyCoordinator(settings)
    for (const { peer, owner } of nodes)
      tellCoordinator({ event: 'registered', peer, account: `0x${peer.slice(-40)}`, owner })
    tellJob()
    tellCoordinator({ event: 'pinned', job: facts.job, peer: nodes[0]?.peer ?? '' })
  }

  function beat(): void {
    for (const node of nodes) {
      if (!node.isUp) continue
      const { peer, owner } = node
      const info = { peer, account: `0x${peer.slice(-40)}`, owner, role: 'worker', addresses: [], price: 1n } as const
      const more = { memoryBytes: 1000, operationsPerSecond: 1000, leaving: false }
      post(() => tellCoordinator({ event: 'presence', node: { ...info, ...more } }))
      tellWorker(node, { event: 'timer' })
    }
    tellCoordinator({ event: 'timer' })
    if (coordinator.jobs.get(facts.job)?.isBehind) tellJob()
    if (draw(3) === 0) tellCoordinator({ event: 'chain', job: facts.job, view: chain.view(nowMs) })
    later(1000, beat)
  }

  tellJob()
  tellCoordinator({ event: 'pinned', job: facts.job, peer: nodes[0]?.peer ?? '' })
  beat()
  if (cancelAtMs !== undefined) later(cancelAtMs, () => chain.cancel(nowMs))
  if (faults.deathEveryMs > 0) later(draw(faults.deathEveryMs), kill)
  if (faults.replaceEveryMs > 0) later(draw(faults.replaceEveryMs), replace)
  if (faults.restoreEveryMs > 0) later(draw(faults.restoreEveryMs), restore)
  const isClosed = () => coordinator.jobs.get(facts.job)?.chain.status === 'closed'
  while (queue.length > 0 && nowMs < LONGEST_MS && !isClosed()) {
    const next = queue.shift() as Queued
    nowMs = next.atMs
    next.run()
  }
  const finalRoot = coordinator.jobs.get(facts.job)?.rounds.at(-1)?.globalRoot
  return {
    state: coordinator,
    finalRoot,
    events: journal.length,
    journal,
    reasons,
    virtualMs: nowMs,
    calls: chain.calls,
  }
}
