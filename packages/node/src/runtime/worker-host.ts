/** Hosts the worker role: tells it of messages and of time, and performs the effects it asks for. */
import { encodeHex, type HashHex } from '@cairn/primitives'
import {
  bytesBlob,
  bytesId,
  custodyStatement,
  emptyWorker,
  type JobDocument,
  type JobId,
  type Message,
  type MessageBodies,
  type ProvableJob,
  tickWorker,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerState,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { accountOf, signKept } from './account-signing.ts'
import { applyOuter } from './apply-outer.ts'
import { unitStartProblem } from './begun-right.ts'
import { haveFormOfUnit } from './custody.ts'
import { forgetDone } from './done-units.ts'
import { forgetHeld, listHeld, rememberHeld } from './held-data.ts'
import { includeLeftOut } from './inclusion.ts'
import { isAnchored } from './is-anchored.ts'
import { forgetLists, opens, rememberList } from './opened-lists.ts'
import { prepareWork, problemText } from './prepare-job.ts'
import {
  createCollector,
  dataReason,
  isEndNoted,
  noteEnd,
  pinnedJobs,
  releaseEnded,
  releaseRounds,
  roundReason,
} from './retention.ts'
import { type DrawnRound, keepDrawn } from './reveals.ts'
import { runWork } from './run-work.ts'
import { type WorkerHearing, workerHearing } from './worker-messages.ts'

export interface WorkerHost {
  /** Takes a message that the guard let through. */
  hear(message: Message): void
  /** The chain has drawn a round's audits. */
  drawn(round: DrawnRound): void
  state(): WorkerState
  /** Gives leases back, so that others take them at once. */
  leave(): void
  stop(): void
}

type Perform = {
  readonly [E in WorkerEffect['effect']]: (effect: Extract<WorkerEffect, { effect: E }>) => void | Promise<void>
}

const TIMER_MS = 500
const SWEEP_MS = 3600 * 1000
/** SAFETY: round documents in memory that the chain is asked about. */
const MOST_LOOK_UPS = 16

export interface WorkerHostOptions extends Pick<WorkerHearing, 'parts' | 'isDrawn' | 'draws'> {
  /** Coordinators that are heard of, to tell them of pinned blobs. */
  readonly coordinators: () => readonly string[]
  readonly onReason: (effect: Extract<WorkerEffect, { effect: 'reason' }>) => void
}

/** What is known of a job that is worked on. */
interface KnownJob {
  readonly id: HashHex
  readonly document: JobDocument
  readonly provable: ProvableJob
}

/** Starts the role. */
export function hostWorker({ parts, coordinators, onReason, isDrawn, draws }: WorkerHostOptions): WorkerHost {
  const { mailbox, signer, storage, blobs, fetcher, compute, chain, log } = parts
  const documents = new Map<JobId, KnownJob>()
  const collect = createCollector(storage, blobs)
  let lookUps = 0
  let state = emptyWorker()
  let isStopped = false

  function tell(event: WorkerEvent): void {
    if (isStopped) return
    const ticked = tickWorker(state, event, Date.now())
    state = ticked.state
    if (event.event === 'open' && ticked.effects.some(opens)) rememberList(storage, event.body, accountOf(parts))
    for (const effect of ticked.effects) void perform(effect)
  }

  async function perform(effect: WorkerEffect): Promise<void> {
    try {
      await (table[effect.effect] as (effect: WorkerEffect) => void | Promise<void>)(effect)
    } catch (error) {
      // A full disk or a fault of this node ends one effect, never the node; the role asks again.
      log.error({ effect: effect.effect, error: String(error) }, 'could not do what the role asked for')
      const event = failureOf(effect, String(error))
      if (event !== undefined) tell(event)
    }
  }

  const self = () => ({ peer: signer.peer, addresses: parts.addresses() })

  /** A job's first state is computed here when nobody has to send it. */
  async function obtain(job: JobId, root: HashHex, peers: readonly { peer: string; addresses: readonly string[] }[]) {
    if (await blobs.has(root)) return { ok: true } as const
    const known = documents.get(job)
    if (known === undefined || root !== known.document.initialRoot || known.document.blobs.initial !== undefined)
      return fetcher.fetch(root, peers)
    const answer = await compute.request({ kind: 'initialState', document: known.id })
    if (!answer.ok) return { ok: false, code: problemText(answer) } as const
    return answer.value.globalRoot === root
      ? ({ ok: true } as const)
      : ({ ok: false, code: 'the job document names another initial state' } as const)
  }

  const table: Perform = {
    send: ({ to, kind, job, body }) => mailbox.send(to, kind, job, body),
    reason: effect => onReason(effect),
    async prepare({ job, document: id, peers }) {
      for (const peer of peers) parts.learn(peer)
      const prepared = await prepareWork(parts, job, id, peers)
      if (prepared.ok) documents.set(job, { ...prepared, id })
      const isSealed = prepared.ok && prepared.document.spec.verification.policy === 'redundancy'
      tell({ event: 'prepared', job, ok: prepared.ok, reason: prepared.ok ? '' : prepared.reason, isSealed })
    },
    async fetch({ job, round, root, peers }) {
      for (const peer of peers) parts.learn(peer)
      storage.pins.pin(root, roundReason(job, round), Date.now())
      const got = await obtain(job, root, peers)
      tell({ event: 'fetched', job, root, ok: got.ok, reason: got.ok ? '' : got.code })
    },
    async run(effect) {
      const known = documents.get(effect.job)
      if (known === undefined)
        return tell({ event: 'failed', job: effect.job, lease: effect.lease, reason: 'the job is not prepared' })
      const { job, lease } = effect
      const problem = unitStartProblem(effect, known.provable)
      if (problem !== undefined) return tell({ event: 'failed', job, lease, reason: problem })
      const { schedule, evaluation } = known.document.spec
      const about = { ...schedule, id: known.id, evaluationBatches: evaluation.batches }
      tell(await runWork(parts, about, effect, progress => tell({ event: 'progress', job, lease, ...progress })))
    },
    outer: async effect => tell(await applyOuter(parts, documents.get(effect.job), effect)),
    stop: () => compute.stop(),
    sendKeep: ({ to, commitment }) =>
      mailbox.send(to, 'keep', commitment.unit.job, { commitment, holder: self() } as MessageBodies['keep']),
    async sendKept({ keep }) {
      const { job, unit, updateRoot, newReplicaRoot, holder } = keep
      const known = documents.get(job)
      if (known !== undefined && !(await haveFormOfUnit(blobs, known.document, keep)))
        return log.warn({ job, peer: holder.peer.slice(0, 8) }, 'what was to be kept is not what a unit leaves behind')
      const account = accountOf(parts)
      const claim = { job, round: unit.round, replica: unit.replica, updateRoot, newReplicaRoot, account }
      const signature = encodeHex(signer.sign(custodyStatement(claim)))
      parts.learn(holder)
      mailbox.send(holder.peer, 'kept', job, {
        unit,
        updateRoot: updateRoot as never,
        newReplicaRoot: newReplicaRoot as never,
        account,
        signature,
        claimSignature: await signKept(parts, keep),
      })
    },
    include: async effect => tell(await includeLeftOut(parts, effect)),
    sendPinned({ pin }) {
      const { job, submitter, roots } = pin
      for (const root of roots) storage.pins.pin(root, dataReason(job), Date.now())
      rememberHeld(storage, pin)
      const body = { roots: [...roots] as never }
      for (const to of new Set([submitter, ...coordinators()])) mailbox.send(to, 'pinned', job, body)
    },
    publish: ({ job, commitment }) => mailbox.publish('committed', job, commitment),
    /** SAFETY: only what the chain holds is kept, and lets older blobs go; a coordinator could send anything. */
    async anchored({ job, round, document }) {
      if (lookUps >= MOST_LOOK_UPS || round >= (chain.job(job)?.terms.rounds ?? 0)) return
      lookUps++
      const isTrue = await isAnchored(parts, job, round, bytesId(sha256, document)).finally(() => lookUps--)
      if (isStopped) return
      if (!isTrue) return log.warn({ job, round }, 'a round document that the chain does not hold')
      storage.pins.pin(await blobs.write(bytesBlob(document)), dataReason(job), Date.now())
      letGo(job)
      await collect(Date.now())
    },
    ended({ job, outcome, reason }) {
      log.info({ job, outcome, reason }, 'the job is over')
      // SAFETY: a coordinator's word ends the work. What this node may have to answer for it forgets when the chain says so.
      if (chain.job(job)?.status !== 'closed') return
      releaseEnded(storage, Date.now())
      noteEnd(storage, job, Date.now())
      forgetDone(storage, job)
      forgetLists(storage, job)
      forgetHeld(storage, job)
      documents.delete(job)
    },
  }

  /** Rounds that are not final may be gone back to: what they started from stays. */
  function letGo(job: JobId): void {
    const { rounds = 0, finalRounds = 0 } = chain.job(job)?.anchors ?? {}
    const last = Math.min(rounds, finalRounds) - 1
    forgetDone(storage, job, last)
    forgetLists(storage, job, last)
    releaseRounds(storage, job, last)
  }

  /**
   * Catches up with what no message told this node: it was away, or keeps blobs for a unit that another node committed.
   */
  async function sweep(): Promise<void> {
    for (const job of new Set([...pinnedJobs(storage), ...state.jobs.keys()])) {
      const view = chain.job(job)
      if (view === undefined) continue
      letGo(job)
      const isNews = state.jobs.has(job) || !isEndNoted(storage, job)
      if (view.status === 'closed' && isNews)
        tell({ event: 'ended', job, outcome: 'closed', reason: 'so says the chain' })
    }
    releaseEnded(storage, Date.now())
    await collect(Date.now())
  }
  const sweepSafely = () =>
    sweep().catch(error => isStopped || log.warn({ error: String(error) }, 'old blobs could not be let go'))

  void sweepSafely()
  const sweeper = setInterval(() => void sweepSafely(), SWEEP_MS)
  for (const pin of listHeld(storage)) tell({ event: 'pin', pin })
  const timer = setInterval(() => tell({ event: 'timer' }), TIMER_MS)

  return {
    hear: workerHearing({ parts, isDrawn, draws, state: () => state, tell }),
    drawn: round => keepDrawn(storage, round, chain.job(round.job)?.terms.replicas ?? 0),
    state: () => state,
    leave: () => tell({ event: 'leave' }),
    stop() {
      isStopped = true
      clearInterval(timer)
      clearInterval(sweeper)
    },
  }
}

/** What a role hears of work that this node could not do: the disk was full, or it has a fault. */
function failureOf(effect: WorkerEffect, reason: string): WorkerEvent | undefined {
  if (effect.effect === 'fetch') return { event: 'fetched', job: effect.job, root: effect.root, ok: false, reason }
  if (effect.effect === 'prepare') return { event: 'prepared', job: effect.job, ok: false, reason }
  if (effect.effect === 'run') return { event: 'failed', job: effect.job, lease: effect.lease, reason }
  if (effect.effect === 'include') return { event: 'included', job: effect.job, unit: effect.unit, refused: reason }
  if (effect.effect !== 'outer') return undefined
  const { job, round, claims } = effect
  return { event: 'applied', job, round, outcome: { failed: reason }, claims }
}
