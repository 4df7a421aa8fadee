/**
 * A host of the roles under virtual time: messages are lost, doubled and late, nodes die with and without their disks,
 * coordinators are restored and replaced, the chain loses transactions. Nothing here knows what a role will do.
 */
import type { HashHex } from '@cairn/primitives'
import { philox4x32 } from '@cairn/primitives'
import type { CoordinatorEffect } from '../roles/coordinator/draft.ts'
import { signedCommit, signedReport } from '../roles/coordinator/signed-events.ts'
import type { CoordinatorState, JobFacts } from '../roles/coordinator/state.ts'
import type { CoordinatorEvent } from '../roles/coordinator.ts'
import type { Peer, SendEffect } from '../roles/events.ts'
import { workOf } from '../roles/unit-machine.ts'
import { emptyWorker } from '../roles/worker/state.ts'
import type { LeaseMessage } from '../settlement.ts'
import { trainedClaim } from '../work-claims.ts'
import { type ToyChain, toyChain } from './toy-chain.ts'
import { toyClock } from './toy-clock.ts'
import { COORDINATORS, type JournalEntry, type ToyCoordinator, toyCoordinators } from './toy-coordinators.ts'
import { type ToyDoerKind, toyDoers } from './toy-doers.ts'
import { type Faults, NO_FAULTS } from './toy-faults.ts'
import { toyInclusions } from './toy-inclusions.ts'
import { measuredEvent, standardEvent } from './toy-measures.ts'
import { type ToyVerifierKind, toyVerifierPeers, toyVerifiers } from './toy-verifiers.ts'
import { scheduleOf, signToy, toyChecking } from './toy-work.ts'
import { accountOf, type ToyDivergence, type ToyWorker, toyPeers, toyWorkers } from './toy-workers.ts'

export interface ToyNetworkOptions {
  readonly facts: JobFacts
  readonly workers: number
  readonly seed: number
  readonly faults?: Partial<Faults>
  readonly divergence?: ToyDivergence
  /** Of a job that is audited. */
  readonly verifiers?: readonly ToyVerifierKind[]
  /** Under redundancy: what the verifiers are as doers; honest where left out. */
  readonly doers?: readonly ToyDoerKind[]
  /** The first so many workers say that training units lead elsewhere; never open what they have sealed. */
  readonly lying?: number
  readonly mute?: number
  /** The first so many workers say, all the same, that outer steps lead elsewhere. */
  readonly misreporting?: number
  /** No training unit of the first so many workers ever comes to a coordinator by message. */
  readonly censored?: number
  /** The first so many workers never reveal their steps. */
  readonly unrevealing?: number
  /** Requests with made-up ends, in parts per million. */
  readonly decoyRate?: number
  /** When the submitter cancels the job; never when left out. */
  readonly cancelAtMs?: number
  /** How long claims may be challenged; two seconds when left out. */
  readonly challengeSeconds?: number
  /** What is done with the chain after every block; for tests that prove certain claims wrong. */
  readonly onBlock?: (chain: ToyChain, nowMs: number, replace: (isWiped: boolean) => void) => void
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
  /** Calls that the contracts should never have been asked for. */
  readonly refused: readonly string[]
  readonly chain: ToyChain
  /** Claims that were proven wrong. */
  readonly rewound: number
}

const COORDINATOR: Peer = 'c'.repeat(64)
const LONGEST_MS = 14_400_000

/** Runs a job until it is closed on the chain, or four hours of virtual time have passed. */
export function runToyNetwork(options: ToyNetworkOptions): ToyResult {
  const { facts, seed, cancelAtMs, challengeSeconds = 2, onTick, onBlock } = options
  const { job, replicas } = facts
  const faults: Faults = { ...NO_FAULTS, ...options.faults }
  const { now, later, runUntil } = toyClock()
  const reasons: string[] = []
  let [draws, events, rewound] = [0, 0, 0]
  const draw = (below: number) => philox4x32([draws++, 0, 0, 0], [seed, 1])[0] % below

  /** Delivers none, one or two times, after a while. */
  function post(deliver: () => void): void {
    const times = draw(100) < faults.lost ? 0 : draw(100) < faults.doubled ? 2 : 1
    for (let i = 0; i < times; i++) later(1 + draw(30), deliver)
  }

  const workerAccounts = toyPeers(options.workers).map(accountOf)
  const verifierAccounts = toyVerifierPeers(options.verifiers?.length ?? 0).map(accountOf)
  const chain = toyChain({
    facts,
    accounts: [...COORDINATORS, ...workerAccounts, ...verifierAccounts],
    challengeSeconds,
  })
  const coordinators = toyCoordinators({
    facts,
    chain,
    nowMs: now,
    decoyRate: options.decoyRate,
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
    schedule: scheduleOf(facts),
    isSealed: facts.audits?.doers !== undefined,
    lying: options.lying ?? 0,
    misreporting: options.misreporting ?? 0,
    post,
    toCoordinator,
    include: (peer, effect) => inclusions.include(peer, effect),
  })
  const inclusions = toyInclusions({ chain, coordinators, job, nowMs: now })
  function tellChain(): void {
    coordinators.tellChain()
    inclusions.tell()
  }

  const verifiers = toyVerifiers({
    ...{ kinds: options.verifiers ?? [], facts, chain, coordinators, nowMs: now, later, draw, post },
  })

  const doers = toyDoers({
    ...{ facts, chain, coordinators, nowMs: now, later, draw, post, coordinator: COORDINATOR },
    kinds: verifierAccounts.map((_, i) => options.doers?.[i] ?? 'honest'),
    ownerOf: account => workers.find(({ peer }) => accountOf(peer) === account)?.owner ?? account,
  })

  function perform(effect: CoordinatorEffect, by: ToyCoordinator): void {
    const { life } = by
    const isUp = () => by === active() && life === by.life
    const send = (deliver: () => void) => post(() => isUp() && deliver())
    if (effect.effect === 'reason') reasons.push(effect.text)
    else if (effect.effect === 'send') send(() => deliverTo(effect))
    else if (effect.effect === 'standardUnit')
      later(100 + draw(500), () => isUp() && tell(standardEvent(effect.peer, effect.seed)))
    else if (effect.effect === 'sendLease') send(() => deliverLease(effect, by.account))
    else if (effect.effect === 'announceAnchored') {
      if (effect.closing === undefined) coordinators.keepDocument(effect.round)
      const event = { event: 'anchored', job, round: effect.round, document: new Uint8Array() } as const
      for (const peer of effect.to) post(() => network.tellPeer(peer, event))
    } else if (effect.effect === 'call') {
      const record = by.state.jobs.get(job)
      later(20 + draw(200), () => {
        if (record && draw(100) >= faults.failed) chain.perform(effect.call, by.account, record, now())
        onBlock?.(chain, now(), coordinators.replace)
        if (!isUp()) return
        tellChain()
        tell({ event: 'called', job, ok: draw(2) === 0 })
      })
    }
  }

  function deliverLease({ to, body, toSign }: Extract<CoordinatorEffect, { effect: 'sendLease' }>, by: string): void {
    const bySigner = ({ epoch, until, custodians }: LeaseMessage) => ({ epoch, until, custodians: [...custodians] })
    const signed = toSign && { signed: { ...bySigner(toSign), signature: signToy(by, toSign) } }
    network.tellPeer(to, { event: 'lease', from: COORDINATOR, job, body: { ...body, ...signed } })
  }

  function deliverTo(message: SendEffect): void {
    const { to, kind, body } = message
    verifiers.hear(to, message)
    doers.hear(to, message)
    const worker = workers.findIndex(({ peer, isUp }) => peer === to && isUp)
    if (kind === 'measure' && worker >= 0) later(300 + draw(400), () => post(() => tell(measuredEvent(to, body.seed))))
    if (kind === 'reveal' && worker >= (options.unrevealing ?? 0)) verifiers.reveal(to, body)
    if (kind === 'closed') {
      const claims = body.units.map(({ commitment }) => toyChecking.claimHash(trainedClaim(commitment)))
      network.tellPeer(to, { event: kind, from: COORDINATOR, job, body, claims })
    }
    const order = kind === 'open' && doers.orderOf(body.unit, accountOf(to))
    if (kind === 'open' && order && worker >= (options.mute ?? 0))
      network.tellPeer(to, { event: 'open', from: COORDINATOR, job, body, order })
    if (kind === 'noted') network.tellPeer(to, { event: 'noted', job, body })
    if (kind === 'ended') network.tellPeer(to, { event: 'ended', job, ...body })
  }

  function toCoordinator(peer: Peer, { kind, body }: SendEffect): void {
    const isCensored = workers.findIndex(worker => worker.peer === peer) < (options.censored ?? 0)
    if (kind === 'commit' && body.outcome === 'trained' && isCensored) return
    if (kind === 'progress' || kind === 'release') tell({ event: kind, job, peer, ...body } as CoordinatorEvent)
    if (kind === 'seal') tell({ event: 'sealed', job, peer, body })
    if (kind === 'opened') tell({ event: 'opened', job, peer, body })
    const record = active().state.jobs.get(job)
    const speaker = record && { job: record, peer, account: accountOf(peer) }
    const event =
      speaker && kind === 'report'
        ? signedReport(toyChecking, speaker, body)
        : speaker && kind === 'commit' && signedCommit(toyChecking, speaker, body)
    if (event) tell(event)
  }

  /** Custody covers as many lost disks as there are custodians; a test of it must not take the last copy. */
  function isCopied(worker: ToyWorker): boolean {
    // What is not final may be gone back to.
    const first = Math.max(0, (chain.state().jobs.get(job)?.finalRounds ?? 0) - 3)
    const rounds = coordinators.all.flatMap(({ state }) => state.jobs.get(job)?.rounds.slice(first) ?? [])
    const needed = rounds.flatMap(({ units, globalRoot, early }) => {
      const kept = units.flatMap(unit => workOf(unit)?.commitment ?? [])
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

  /** Proves some claim wrong that can still be proven wrong. */
  function rewind(): void {
    later(1 + draw(2 * faults.rewindEveryMs), rewind)
    const open = chain.anchors().slice(chain.state().jobs.get(job)?.finalRounds)
    const anchor = open[draw(Math.max(1, open.length))]
    if (anchor === undefined || rewound >= faults.rewinds) return
    const index = draw(replicas + 1)
    rewound += chain.rewind(anchor.round, [{ index, isOuter: index < replicas && draw(3) === 0 }], now())
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
      const more = { memoryBytes: 1000, operationsPerSecond: 1000, leaving: false, freeStake: 10n ** 9n }
      post(() => tell({ event: 'presence', node: { ...info, ...more } }))
      network.tell(worker, { event: 'timer' })
    }
    verifiers.beat()
    if (facts.audits?.doers !== undefined) doers.beat()
    tell({ event: 'timer' })
    tell({ event: 'pinned', job, peer: workers[0]?.peer ?? '' })
    if (draw(3) === 0) tellChain()
    later(1000, beat)
  }

  greet()
  beat()
  if (cancelAtMs !== undefined) later(cancelAtMs, () => chain.cancel(now()))
  if (faults.deathEveryMs > 0) later(draw(faults.deathEveryMs), kill)
  if (faults.replaceEveryMs > 0) later(draw(faults.replaceEveryMs), replace)
  if (faults.restoreEveryMs > 0) later(draw(faults.restoreEveryMs), restore)
  if (faults.rewindEveryMs > 0) later(draw(faults.rewindEveryMs), rewind)
  const known = () => active().state.jobs.get(job)
  runUntil(() => known()?.chain.status === 'closed' && !known()?.isBehind, LONGEST_MS)
  const { state, journal } = active()
  const finalRoot = state.jobs.get(job)?.rounds.at(-1)?.globalRoot
  const { calls, refused } = chain
  return { state, journal, finalRoot, events, reasons, virtualMs: now(), calls, refused, chain, rewound }
}
