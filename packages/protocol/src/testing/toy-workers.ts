/** Workers of a toy network: their disks are sets of roots, their work is made of letters, and they die. */
import { type HashHex, sha256 } from '@cairn/primitives'
import { committedResult, type UnitSchedule } from '../audit.ts'
import type { SignedCommitment } from '../messages.ts'
import type { Divergence, Peer, SendEffect } from '../roles/events.ts'
import type { WorkerEffect, WorkerEvent } from '../roles/worker/events.ts'
import { emptyWorker, type WorkerState } from '../roles/worker/state.ts'
import { tickWorker } from '../roles/worker.ts'
import { type Account, custodyMessage } from '../settlement.ts'
import type { Unit } from '../units.ts'
import { trainedClaim } from '../work-claims.ts'
import {
  signToy,
  signToyOuter,
  toyChecking,
  toyDivergedUnit,
  toyEvaluation,
  toyInitialRoot,
  toyOuter,
  toySealSalt,
  toyUnit,
} from './toy-work.ts'

export interface ToyWorker {
  readonly peer: Peer
  readonly owner: string
  state: WorkerState
  disk: Set<HashHex>
  isUp: boolean
  /** Work begun before a death must not end after it. */
  life: number
}

/** Where the job's arithmetic leaves the domain; everybody finds the same. */
export interface ToyDivergence {
  readonly in: 'unit' | 'outer' | 'evaluation'
  readonly round: number
  readonly replica: number
  /** How many workers say so; left out, all do. */
  readonly workers?: number
}

interface Options {
  readonly count: number
  readonly nowMs: () => number
  readonly later: (ms: number, run: () => void) => void
  readonly draw: (below: number) => number
  /** Of 100 fetches. */
  readonly failed: number
  readonly divergence: ToyDivergence | undefined
  /** Of a job that is audited. */
  readonly schedule: UnitSchedule | undefined
  /** Whether others do training units, too. */
  readonly isSealed: boolean
  /** The first so many workers say that training units lead elsewhere. */
  readonly lying: number
  readonly misreporting: number
  /** Delivers a message, or not. */
  readonly post: (deliver: () => void) => void
  readonly toCoordinator: (peer: Peer, message: SendEffect) => void
  /** Puts a unit on the chain; returns why that was refused, if it was. */
  readonly include: (peer: Peer, effect: Extract<WorkerEffect, { effect: 'include' }>) => string | undefined
}

const DIVERGED: Divergence = { graph: 'inner', operator: '%1', step: 0 }

export const accountOf = (peer: Peer): Account => `0x${peer.slice(0, 40)}`

/** Keys of so many workers. */
export const toyPeers = (count: number): Peer[] =>
  Array.from({ length: count }, (_, i) => (i + 1).toString(16).padStart(8, 'a').padEnd(64, '0'))

export function toyWorkers({ count, nowMs, later, draw, failed, ...options }: Options) {
  const { divergence, schedule, isSealed, lying, misreporting, post, toCoordinator, include } = options
  const workers = toyPeers(count).map((peer, i): ToyWorker => {
    return { peer, owner: `owner ${i}`, state: emptyWorker(), disk: new Set(), isUp: true, life: 0 }
  })

  function tell(worker: ToyWorker, event: WorkerEvent): void {
    if (!worker.isUp) return
    const ticked = tickWorker(worker.state, event, nowMs())
    worker.state = ticked.state
    for (const effect of ticked.effects) perform(worker, effect)
  }

  const tellPeer = (peer: Peer, event: WorkerEvent): void => {
    const worker = workers.find(w => w.peer === peer)
    if (worker !== undefined) tell(worker, event)
  }

  function perform(worker: ToyWorker, effect: WorkerEffect): void {
    const { life, peer } = worker
    const answer = (ms: number, event: () => WorkerEvent) =>
      later(ms, () => {
        if (worker.life === life) tell(worker, event())
      })
    const { effect: kind } = effect
    if (kind === 'send') post(() => toCoordinator(peer, effect))
    else if (kind === 'prepare')
      answer(50, () => ({ event: 'prepared', job: effect.job, ok: true, reason: '', isSealed }))
    else if (kind === 'fetch') answer(5 + draw(50), () => fetched(worker, effect))
    else if (kind === 'run') answer(500 + draw(1500), () => ran(worker, effect))
    else if (kind === 'outer') answer(50, () => applied(worker, effect))
    else if (kind === 'include') answer(20 + draw(200), () => included(effect, include(peer, effect)))
    else if (kind === 'sendKeep') {
      const { unit, updateRoot, newReplicaRoot } = effect.commitment
      const claim = toyChecking.claimHash(trainedClaim(effect.commitment))
      const keep = { job: unit.job, unit, updateRoot, newReplicaRoot, claim, holder: { peer, addresses: [] } }
      post(() => tellPeer(effect.to, { event: 'keep', keep }))
    } else if (kind === 'sendKept') post(() => tellPeer(effect.keep.holder.peer, keptBy(peer, effect)))
  }

  function fetched(worker: ToyWorker, { job, root, peers }: Extract<WorkerEffect, { effect: 'fetch' }>): WorkerEvent {
    const holders = workers.filter(w => w.isUp && peers.some(({ peer }) => peer === w.peer) && w.disk.has(root))
    const ok = worker.disk.has(root) || root === toyInitialRoot || (holders.length > 0 && draw(100) >= failed)
    if (ok) worker.disk.add(root)
    return { event: 'fetched', job, root, ok, reason: ok ? '' : 'nobody has it' }
  }

  const leavesDomain = (worker: ToyWorker, { kind, round, replica }: Unit): boolean =>
    divergence?.round === round &&
    workers.indexOf(worker) < (divergence.workers ?? workers.length) &&
    (kind === 'evaluate' ? divergence.in === 'evaluation' : divergence.in === 'unit' && divergence.replica === replica)

  function ran(worker: ToyWorker, e: Extract<WorkerEffect, { effect: 'run' }>): WorkerEvent {
    const { job, lease, unit, globalRoot, replicaRoot } = e
    const isLying = workers.indexOf(worker) < lying
    const author = { worker: worker.peer, account: accountOf(worker.peer), before: e.claims, schedule, isLying }
    const saltOf = ({ commitment }: Pick<SignedCommitment, 'commitment'>) =>
      isSealed ? { salt: toySealSalt(worker.peer, committedResult(sha256, commitment)) } : {}
    if (unit.kind === 'evaluate') {
      const diverged = leavesDomain(worker, unit) ? DIVERGED : undefined
      return { event: 'evaluated', job, lease, evaluation: toyEvaluation(unit, globalRoot, author, diverged) }
    }
    if (leavesDomain(worker, unit)) {
      const signed = toyDivergedUnit(unit, globalRoot, replicaRoot, author)
      return { event: 'diverged', job, lease, unit, divergence: DIVERGED, signed, ...saltOf(signed) }
    }
    const signed = toyUnit(unit, globalRoot, replicaRoot, author)
    worker.disk.add(signed.commitment.updateRoot).add(signed.commitment.newReplicaRoot)
    return { event: 'trained', job, lease, signed, ...saltOf(signed) }
  }

  function applied(worker: ToyWorker, e: Extract<WorkerEffect, { effect: 'outer' }>): WorkerEvent {
    const { job, round, startRoot, updates, claims } = e
    const answer = (outcome: { readonly globalRoot: HashHex } | { readonly diverged: Divergence }): WorkerEvent => {
      const root = 'globalRoot' in outcome ? outcome : {}
      const signature = signToyOuter(accountOf(worker.peer), { job, round, startRoot, claims, ...root })
      return { event: 'applied', job, round, outcome: { outcome, signature }, claims }
    }
    const isDiverged = divergence?.in === 'outer' && divergence.round === round
    if (e.diverged !== undefined || isDiverged) return answer({ diverged: e.diverged ?? DIVERGED })
    const isMisreported = workers.indexOf(worker) < misreporting
    const globalRoot = toyOuter(startRoot, isMisreported ? [] : updates)
    worker.disk.add(globalRoot)
    return answer({ globalRoot })
  }

  return { workers, tell, tellPeer }
}

const included = ({ job, unit }: Extract<WorkerEffect, { effect: 'include' }>, refused?: string): WorkerEvent => ({
  ...{ event: 'included', job, unit },
  ...(refused === undefined ? {} : { refused }),
})

/** A custodian's signature on the roots that it was given. */
function keptBy(peer: Peer, { keep }: Extract<WorkerEffect, { effect: 'sendKept' }>): WorkerEvent {
  const { job, unit, claim } = keep
  const account = accountOf(peer)
  const { round, replica: index } = unit
  const claimSignature = signToy(account, custodyMessage({ job, round, index }, claim))
  return { event: 'kept', job, unit, custody: { peer, account, signature: '0'.repeat(128) }, claimSignature }
}
