/**
 * A host of the roles under virtual time: messages are lost, doubled and late, nodes die with and without their disks,
 * coordinators are restored and replaced, the chain loses transactions. Nothing here knows what a role will do.
 */
import type { HashHex } from '@cairn/primitives'
import { philox4x32 } from '@cairn/primitives'
import type { CoordinatorEffect } from '../roles/coordinator/draft.ts'
import { earnedCounts } from '../roles/coordinator/earned.ts'
import type { CoordinatorState, JobFacts } from '../roles/coordinator/state.ts'
import type { CoordinatorEvent } from '../roles/coordinator.ts'
import type { Peer, SendEffect } from '../roles/events.ts'
import { emptyWorker, type WorkerEvent } from '../roles/worker/state.ts'
import { addCounts, noCounts } from '../settlement/terms.ts'
import { toyChain } from './toy-chain.ts'
import { toyClock } from './toy-clock.ts'
import { type JournalEntry, type ToyCoordinator, toyCoordinators } from './toy-coordinators.ts'
import { accountOf, type ToyDivergence, type ToyWorker, toyWorkers } from './toy-workers.ts'

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
  /** Another coordinator takes over about every so many milliseconds, with what it knew once or knowing nothing. */
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

export interface ToyNetworkOptions {
  readonly facts: JobFacts
  readonly workers: number
  readonly seed: number
  readonly faults?: Partial<Faults>
  readonly divergence?: ToyDivergence
  /** When the submitter cancels the job; never when left out. */
  readonly cancelAtMs?: number
  /** Called after every tick of a coordinator. */
  readonly onTick?: (state: CoordinatorState, event: CoordinatorEvent, account: string) => void
}

export interface ToyResult {
  /** Of the coordinator that is up in the end. */
  readonly state: CoordinatorState
  readonly journal: readonly JournalEntry[]
  readonly finalRoot: HashHex | undefined
  readonly events: number
  readonly reasons: readonly string[]
  readonly virtualMs: number
  readonly calls: readonly string[]
  /** Assertions of earnings that the contract would refuse. */
  readonly refused: readonly string[]
}

const COORDINATOR: Peer = 'c'.repeat(64)
const LONGEST_MS = 14_400_000

/** Runs a job until it is closed on the chain, or four hours of virtual time have passed. */
export function runToyNetwork(options: ToyNetworkOptions): ToyResult {
  const { facts, seed, cancelAtMs, onTick } = options
  const { job } = facts
  const faults: Faults = { ...NO_FAULTS, ...options.faults }
  const { now, later, runUntil } = toyClock()
  const chain = toyChain(facts)
  const reasons: string[] = []
  let [draws, events] = [0, 0]
  const draw = (below: number) => philox4x32([draws++, 0, 0, 0], [seed, 1])[0] % below

  /** Delivers none, one or two times, after a while. */
  function post(deliver: () => void): void {
    const times = draw(100) < faults.lost ? 0 : draw(100) < faults.doubled ? 2 : 1
    for (let i = 0; i < times; i++) later(1 + draw(30), deliver)
  }

  const coordinators = toyCoordinators({
    facts,
    chain,
    nowMs: now,
    draw: () => draw(2 ** 31),
    perform,
    greet,
    onTick(state, event, account) {
      events++
      onTick?.(state, event, account)
    },
  })
  const { active, tell } = coordinators
  const { workers, ...network } = toyWorkers({
    count: options.workers,
    nowMs: now,
    later,
    draw,
    failed: faults.failed,
    divergence: options.divergence,
    post,
    toCoordinator,
  })

  function perform(effect: CoordinatorEffect, by: ToyCoordinator): void {
    const { life } = by
    const isUp = () => by === active() && life === by.life
    const send = (deliver: () => void) => post(() => isUp() && deliver())
    if (effect.effect === 'reason') reasons.push(effect.text)
    else if (effect.effect === 'send') send(() => deliverTo(effect))
    else if (effect.effect === 'announceAnchored') {
      coordinators.keepDocument(effect.round)
      const event = { event: 'anchored', job, round: effect.round, document: new Uint8Array() } as const
      for (const peer of effect.to) post(() => network.tellPeer(peer, event))
    } else if (effect.effect === 'call') {
      const counts = [...earnedCounts(by.state, by.state.jobs.get(job)!, roundsOf(effect)).values()]
      const totals = counts.reduce(addCounts, noCounts)
      later(20 + draw(200), () => {
        if (draw(100) >= faults.failed) chain.perform(effect.call, by.account, totals, now())
        if (!isUp()) return
        coordinators.tellChain()
        tell({ event: 'called', job, ok: draw(2) === 0 })
      })
    }
  }

  function deliverTo({ to, kind, body }: SendEffect): void {
    if (kind === 'lease' || kind === 'closed')
      network.tellPeer(to, { event: kind, from: COORDINATOR, job, body } as WorkerEvent)
    if (kind === 'noted') network.tellPeer(to, { event: 'noted', job, body })
    if (kind === 'ended') network.tellPeer(to, { event: 'ended', job, ...body })
  }

  function toCoordinator(peer: Peer, { kind, body }: SendEffect): void {
    if (kind === 'progress' || kind === 'release') tell({ event: kind, job, peer, ...body } as CoordinatorEvent)
    if (kind === 'report') tell({ event: 'report', job, peer, ...body })
    if (kind !== 'commit') return
    if (body.outcome === 'trained') {
      const { commitment } = body
      const { unit } = commitment.commitment
      tell({ event: 'commit', job, peer, unit, outcome: { kind: 'trained', commitment } })
    } else if (body.outcome === 'evaluated') {
      const { evaluation } = body
      tell({ event: 'commit', job, peer, unit: evaluation.unit, outcome: { kind: 'evaluated', evaluation } })
    } else {
      const { unit, diverged: divergence } = body
      tell({ event: 'commit', job, peer, unit, outcome: { kind: 'diverged', node: peer, divergence } })
    }
  }

  /** Custody covers as many lost disks as there are custodians; a test of it must not take the last copy. */
  function isCopied(worker: ToyWorker): boolean {
    const rounds = coordinators.all.flatMap(({ state }) => state.jobs.get(job)?.rounds.slice(-3) ?? [])
    const needed = rounds.flatMap(({ units, globalRoot, early }) => {
      const kept = units.flatMap(({ outcome }) => (outcome?.kind === 'trained' ? [outcome.commitment] : []))
      const soon = [...(early?.values() ?? [])].map(({ commitment }) => commitment)
      const roots = [...kept, ...soon].flatMap(({ commitment }) => [commitment.updateRoot, commitment.newReplicaRoot])
      return globalRoot === undefined ? roots : [globalRoot, ...roots]
    })
    const others = workers.filter(other => other !== worker)
    return needed.every(root => !worker.disk.has(root) || others.some(({ disk }) => disk.has(root)))
  }

  function kill(): void {
    later(1 + draw(2 * faults.deathEveryMs), kill)
    const worker = workers[draw(workers.length)] as ToyWorker
    if (!worker.isUp || workers.some(({ isUp }) => !isUp)) return
    Object.assign(worker, { isUp: false, life: worker.life + 1, state: emptyWorker() })
    if (draw(100) < faults.wiped && isCopied(worker)) worker.disk = new Set()
    later(1000 + draw(20_000), () => {
      worker.isUp = true
    })
  }

  /** A coordinator that comes back has its journal, and so its state; what it was about to send is gone. */
  function restore(): void {
    later(1 + draw(2 * faults.restoreEveryMs), restore)
    active().life++
  }

  function replace(): void {
    later(1 + draw(2 * faults.replaceEveryMs), replace)
    coordinators.replace(draw(2) === 0)
  }

  function greet(): void {
    for (const { peer, owner } of workers) tell({ event: 'registered', peer, account: accountOf(peer), owner })
    coordinators.tellJob()
    tell({ event: 'pinned', job, peer: workers[0]?.peer ?? '' })
  }

  function beat(): void {
    for (const worker of workers) {
      if (!worker.isUp) continue
      const { peer, owner } = worker
      const info = { peer, account: accountOf(peer), owner, role: 'worker', addresses: [], price: 1n } as const
      const more = { memoryBytes: 1000, operationsPerSecond: 1000, leaving: false }
      post(() => tell({ event: 'presence', node: { ...info, ...more } }))
      network.tell(worker, { event: 'timer' })
    }
    tell({ event: 'timer' })
    tell({ event: 'pinned', job, peer: workers[0]?.peer ?? '' })
    if (draw(3) === 0) coordinators.tellChain()
    later(1000, beat)
  }

  greet()
  beat()
  if (cancelAtMs !== undefined) later(cancelAtMs, () => chain.cancel(now()))
  if (faults.deathEveryMs > 0) later(draw(faults.deathEveryMs), kill)
  if (faults.replaceEveryMs > 0) later(draw(faults.replaceEveryMs), replace)
  if (faults.restoreEveryMs > 0) later(draw(faults.restoreEveryMs), restore)
  runUntil(() => active().state.jobs.get(job)?.chain.status === 'closed', LONGEST_MS)
  const { state, journal } = active()
  const finalRoot = state.jobs.get(job)?.rounds.at(-1)?.globalRoot
  const { calls, refused } = chain
  return { state, journal, finalRoot, events, reasons, virtualMs: now(), calls, refused }
}

const roundsOf = ({ call }: Extract<CoordinatorEffect, { effect: 'call' }>): number =>
  call.call === 'assertEarnings' ? call.rounds : 0
