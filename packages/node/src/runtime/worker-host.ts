/** Hosts the worker role: turns messages into events and performs the effects it asks for. */

import { encodeHex, type HashHex } from '@cairn/primitives'
import {
  bytesBlob,
  custodyStatement,
  emptyWorker,
  isCustody,
  type JobDocument,
  type JobId,
  type Keep,
  type Message,
  tickWorker,
  type WorkerEffect,
  type WorkerEvent,
  type WorkerState,
} from '@cairn/protocol'
import { verifySignature } from '../network/signing.ts'
import { sameAccount } from './chain-watch.ts'
import { forgetDone } from './done-units.ts'
import { forgetHeld, listHeld, rememberHeld } from './held-data.ts'
import type { WorkerParts } from './parts.ts'
import { obtainDocument, prepareJob, problemText } from './prepare-job.ts'
import { createCollector, dataReason, noteEnd, releaseEnded, releaseRounds, roundReason } from './retention.ts'
import { runWork } from './run-work.ts'

export interface WorkerHost {
  /** Takes a message that the guard let through. */
  hear(message: Message): void
  state(): WorkerState
  /** Gives leases back, so that others take them at once. */
  leave(): void
  stop(): void
}

type Perform = {
  readonly [E in WorkerEffect['effect']]: (effect: Extract<WorkerEffect, { effect: E }>) => void | Promise<void>
}

type Body<Kind extends Message['kind']> = Extract<Message, { kind: Kind }>['body']

const TIMER_MS = 500

export interface WorkerHostOptions {
  readonly parts: WorkerParts
  /** Coordinators that are heard of, to tell them of pinned blobs. */
  readonly coordinators: () => readonly string[]
  readonly onReason: (effect: Extract<WorkerEffect, { effect: 'reason' }>) => void
}

/** Starts the role. */
export function hostWorker({ parts, coordinators, onReason }: WorkerHostOptions): WorkerHost {
  const { mailbox, signer, storage, blobs, fetcher, compute, chain, log } = parts
  const documents = new Map<JobId, { readonly id: HashHex; readonly document: JobDocument }>()
  const collect = createCollector(storage, blobs)
  let state = emptyWorker()
  let isStopped = false

  function tell(event: WorkerEvent): void {
    if (isStopped) return
    const ticked = tickWorker(state, event, Date.now())
    state = ticked.state
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
      const prepared = await prepareJob(parts, job, id, peers)
      if (prepared.ok) documents.set(job, { id, document: prepared.document })
      tell({ event: 'prepared', job, ok: prepared.ok, reason: prepared.ok ? '' : prepared.reason })
    },
    async fetch({ job, round, root, peers }) {
      for (const peer of peers) parts.learn(peer)
      storage.pins.pin(root, roundReason(job, round), Date.now())
      const got = await obtain(job, root, peers)
      tell({ event: 'fetched', job, root, ok: got.ok, reason: got.ok ? '' : got.code })
    },
    async run(effect) {
      const document = documents.get(effect.job)?.id
      if (document === undefined)
        return tell({ event: 'failed', job: effect.job, lease: effect.lease, reason: 'the job is not prepared' })
      const { job, lease } = effect
      tell(await runWork(parts, document, effect, progress => tell({ event: 'progress', job, lease, ...progress })))
    },
    async outer({ job, round, startRoot, updates }) {
      const document = documents.get(job)?.id
      if (document === undefined)
        return tell({ event: 'applied', job, round, outcome: { failed: 'the job is not prepared' } })
      const answer = await compute.request({
        kind: 'applyOuterStep',
        document,
        globalRoot: startRoot,
        updateRoots: updates,
      })
      if (answer.ok) storage.pins.pin(answer.value.globalRoot, roundReason(job, round + 1), Date.now())
      const outcome = answer.ok
        ? { globalRoot: answer.value.globalRoot }
        : answer.why === 'diverged'
          ? { diverged: answer.diverged }
          : { failed: problemText(answer) }
      tell({ event: 'applied', job, round, outcome })
    },
    stop: () => compute.stop(),
    sendKeep: ({ to, unit, updateRoot, newReplicaRoot }) =>
      mailbox.send(to, 'keep', unit.job, {
        unit,
        updateRoot: updateRoot as never,
        newReplicaRoot: newReplicaRoot as never,
        holder: self(),
      }),
    sendKept({ keep: { job, unit, updateRoot, newReplicaRoot, holder } }) {
      const claim = { job, round: unit.round, replica: unit.replica, updateRoot, newReplicaRoot }
      const signature = encodeHex(signer.sign(custodyStatement(claim)))
      parts.learn(holder)
      mailbox.send(holder.peer, 'kept', job, {
        unit,
        updateRoot: updateRoot as never,
        newReplicaRoot: newReplicaRoot as never,
        signature,
      })
    },
    sendPinned({ pin }) {
      const { job, submitter, roots } = pin
      for (const root of roots) storage.pins.pin(root, dataReason(job), Date.now())
      rememberHeld(storage, pin)
      const body = { roots: [...roots] as never }
      for (const to of new Set([submitter, ...coordinators()])) mailbox.send(to, 'pinned', job, body)
    },
    publish: ({ job, commitment }) => mailbox.publish('committed', job, commitment),
    async anchored({ job, round, document }) {
      const known = documents.get(job)
      // Only what the chain holds is worth keeping; a coordinator could send anything.
      if (known === undefined || (chain.job(job)?.anchors.rounds ?? 0) <= round) await chain.refresh()
      const id = await blobs.write(bytesBlob(document))
      storage.pins.pin(id, dataReason(job), Date.now())
      forgetDone(storage, job, round)
      releaseRounds(storage, job, round)
      await collect()
    },
    ended({ job, outcome, reason }) {
      log.info({ job, outcome, reason }, 'the job is over')
      releaseEnded(storage, Date.now())
      noteEnd(storage, job, documents.get(job)?.document.spec.schedule.rounds ?? 0, Date.now())
      forgetDone(storage, job)
      forgetHeld(storage, job)
      documents.delete(job)
    },
  }

  /** Only who holds the job's lease on the chain speaks as its coordinator. */
  function isCoordinator(sender: string, job: JobId): boolean {
    const holder = chain.job(job)?.anchors.holder
    const node = chain.node(sender)
    return holder !== undefined && node !== undefined && sameAccount(holder, node.account)
  }

  function hear(message: Message): void {
    const { sender, job } = message
    if (job === undefined) return
    const fromCoordinator = isCoordinator(sender, job)
    if (message.kind === 'lease' || message.kind === 'closed') {
      if (fromCoordinator) tell({ event: message.kind, from: sender, job, body: message.body } as WorkerEvent)
      else readChain() // it may just have taken the lease; it will say this again
    } else if (message.kind === 'anchored' && fromCoordinator) tell({ event: 'anchored', job, ...message.body })
    else if (message.kind === 'ended' && fromCoordinator) tell({ event: 'ended', job, ...message.body })
    else if (message.kind === 'noted' && fromCoordinator) tell({ event: 'noted', job, body: message.body })
    else if (message.kind === 'keep') tell({ event: 'keep', keep: keepOf(message.body, sender, job) })
    else if (message.kind === 'kept') hearKept(sender, job, message.body)
    else if (message.kind === 'pin')
      hearPin(message.body, sender, job).catch(error => log.warn({ error: String(error) }, 'a pin was not followed'))
  }

  /** One read at a time, however many messages ask for one. */
  let isReading = false
  function readChain(): void {
    if (isReading) return
    isReading = true
    void chain.refresh().finally(() => {
      isReading = false
    })
  }

  /** SAFETY: anybody may say this, so only what the job's own document names is kept, whatever the message asks for. */
  async function hearPin({ document: id, sources }: Body<'pin'>, submitter: string, job: JobId): Promise<void> {
    for (const source of sources) parts.learn(source)
    const obtained = await obtainDocument(parts, job, id, sources)
    if (!obtained.ok) return log.info({ job, reason: obtained.reason }, 'a pin was not followed')
    const roots = [id, ...(Object.values(obtained.document.blobs) as HashHex[])]
    tell({ event: 'pin', pin: { job, submitter, document: id, roots, sources } })
  }

  function hearKept(peer: string, job: JobId, { unit, updateRoot, newReplicaRoot, signature }: Body<'kept'>): void {
    const claim = { job, round: unit.round, replica: unit.replica, updateRoot, newReplicaRoot }
    const custody = { peer, signature }
    if (isCustody(verifySignature, claim, custody)) tell({ event: 'kept', job, unit, custody })
    else log.warn({ peer: peer.slice(0, 8) }, 'a custodian signed something else')
  }

  for (const pin of listHeld(storage)) tell({ event: 'pin', pin })
  const timer = setInterval(() => tell({ event: 'timer' }), TIMER_MS)

  return {
    hear,
    state: () => state,
    leave: () => tell({ event: 'leave' }),
    stop() {
      isStopped = true
      clearInterval(timer)
    },
  }
}

/** What a role hears of work that this node could not do: the disk was full, or it has a fault. */
function failureOf(effect: WorkerEffect, reason: string): WorkerEvent | undefined {
  if (effect.effect === 'fetch') return { event: 'fetched', job: effect.job, root: effect.root, ok: false, reason }
  if (effect.effect === 'prepare') return { event: 'prepared', job: effect.job, ok: false, reason }
  if (effect.effect === 'run') return { event: 'failed', job: effect.job, lease: effect.lease, reason }
  if (effect.effect !== 'outer') return undefined
  return { event: 'applied', job: effect.job, round: effect.round, outcome: { failed: reason } }
}

/** The holder is whoever asks: nobody can have blobs kept in another's name. */
const keepOf = (body: Body<'keep'>, sender: string, job: JobId): Keep => ({
  job,
  unit: body.unit,
  updateRoot: body.updateRoot,
  newReplicaRoot: body.newReplicaRoot,
  holder: { peer: sender, addresses: body.holder.addresses },
})
