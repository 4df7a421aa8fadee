/**
 * Hosts the coordinator role. Events of one turn of the event loop are journalled together, and only then are their
 * effects performed: what this node said it can always say again.
 */
import { randomInt } from 'node:crypto'
import { readEarnings } from '@cairn/contracts'
import {
  bytesId,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  DEFAULT_SETTINGS,
  decodeJobDocument,
  encodeRoundDocument,
  isSignedCommitment,
  isSignedEvaluation,
  type JobDocument,
  type JobId,
  type Message,
  tickCoordinator,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { verifySignature } from '../network/signing.ts'
import { makeCall, roundDocumentOf } from './chain-calls.ts'
import { type JournalledEvent, openCoordinatorJournal } from './coordinator-journal.ts'
import { chainView, jobFacts, wrongTerms } from './job-facts.ts'
import type { NodeParts } from './parts.ts'

export interface CoordinatorHost {
  hear(message: Message): void
  state(): CoordinatorState
  /** The chain was read: tell the role. */
  chainChanged(): void
  /** Job documents by job. */
  document(job: JobId): JobDocument | undefined
  stop(): void
}

export interface CoordinatorHostOptions {
  readonly parts: NodeParts
  readonly onReason: (effect: Extract<CoordinatorEffect, { effect: 'reason' }>) => void
  readonly onProgress: (job: JobId, unit: { peer: string; lease: number; done: number; lossBits: number }) => void
}

type Perform = {
  readonly [E in CoordinatorEffect['effect']]: (
    effect: Extract<CoordinatorEffect, { effect: E }>,
  ) => void | Promise<void>
}

const TIMER_MS = 500
const DOCUMENT = 'document/'

/** Starts the role where its journal left off. */
export function hostCoordinator({ parts, onReason, onProgress }: CoordinatorHostOptions): CoordinatorHost {
  const { chain, client, storage, mailbox, log, key, learn } = parts
  const journal = openCoordinatorJournal(storage, { account: key.address.toLowerCase(), ...DEFAULT_SETTINGS })
  const waiting: JournalledEvent[] = []
  let state = journal.state
  let isStopped = false

  function tell(event: CoordinatorEvent): void {
    if (isStopped) return
    waiting.push({ event, nowMs: Date.now(), seed: randomInt(2 ** 32) })
    if (waiting.length === 1) queueMicrotask(flush)
  }

  function flush(): void {
    const events = waiting.splice(0)
    const changed: JournalledEvent[] = []
    const effects: CoordinatorEffect[] = []
    for (const entry of events) {
      const ticked = tickCoordinator(state, entry.event, entry.nowMs, entry.seed)
      if (ticked.state !== state) changed.push(entry)
      state = ticked.state
      effects.push(...ticked.effects)
    }
    if (changed.length > 0) journal.append(changed, state)
    for (const effect of effects) void perform(effect)
  }

  async function perform(effect: CoordinatorEffect): Promise<void> {
    try {
      await (table[effect.effect] as (effect: CoordinatorEffect) => void | Promise<void>)(effect)
    } catch (error) {
      log.error({ effect: effect.effect, error: String(error) }, 'could not do what the role asked for')
    }
  }

  const table: Perform = {
    send: ({ to, kind, job, body }) => mailbox.send(to, kind, job, body),
    reason: effect => onReason(effect),
    announceAnchored({ job: id, round, to }) {
      const job = state.jobs.get(id)
      const document = job && roundDocumentOf(job, round)
      if (document === undefined) return
      const body = { round, document: encodeRoundDocument(document) }
      for (const peer of to) mailbox.send(peer, 'anchored', id, body)
    },
    async call({ job: id, call }) {
      try {
        await chain.refresh()
        const [job, view] = [state.jobs.get(id), chain.job(id)]
        if (job === undefined || view === undefined) return
        const refused = await makeCall({ parts, state, job, view }, call)
        if (refused !== undefined) log.warn({ job: id, call: call.call }, refused)
        else log.info({ job: id, call: call.call }, 'sent to the chain')
      } finally {
        await chain.refresh()
        await tellChain(id).finally(() => tell({ event: 'called', job: id }))
      }
    },
  }

  async function tellChain(id: JobId): Promise<void> {
    const view = chain.job(id)
    if (view === undefined || !state.jobs.has(id)) return
    const seen = chainView(view, await readEarnings(client, id), Date.now())
    tell({ event: 'chain', job: id, view: seen })
  }

  const document = (job: JobId): JobDocument | undefined => {
    const bytes = storage.facts.get(DOCUMENT + job)
    const decoded = bytes && decodeJobDocument(bytes)
    return decoded?.ok ? decoded.document : undefined
  }

  /** A job begins when the chain has its money and somebody has brought its document. */
  async function beginJobs(): Promise<void> {
    for (const view of chain.jobs()) {
      if (state.jobs.has(view.job) || view.status === 'closed') continue
      const known = document(view.job)
      if (known === undefined) continue
      const wrong = wrongTerms(view, known)
      if (wrong !== undefined) {
        log.warn({ job: view.job }, `the terms on the chain do not fit the job: ${wrong}`)
        continue
      }
      const seen = chainView(view, await readEarnings(client, view.job), Date.now())
      tell({ event: 'job', facts: jobFacts(view, known), submitter: view.submitter, chain: seen })
    }
  }

  function chainChanged(): void {
    const tellAll = async () => {
      await beginJobs()
      for (const [id, { chain: before }] of state.jobs) if (before.status !== 'closed') await tellChain(id)
    }
    tellAll().catch(error => log.warn({ error: String(error) }, 'the chain does not answer'))
  }

  async function hearSubmitted(job: JobId, bytes: Uint8Array): Promise<void> {
    if (chain.job(job) === undefined) await chain.refresh()
    const view = chain.job(job)
    const decoded = decodeJobDocument(bytes)
    if (view === undefined || !decoded.ok || bytesId(sha256, bytes) !== view.terms.document) return
    storage.facts.set(DOCUMENT + job, bytes)
    await beginJobs()
  }

  function hearPresence(message: Extract<Message, { kind: 'presence' }>): void {
    const { sender, body } = message
    const node = chain.node(sender)
    if (node === undefined || node.account.toLowerCase() !== body.address) return
    learn({ peer: sender, addresses: body.addresses })
    const { address: account, role, addresses, memoryBytes, operationsPerSecond, leaving } = body
    const owner = node.owner.toLowerCase()
    const info = { peer: sender, account, owner, role, addresses, memoryBytes, operationsPerSecond, leaving }
    tell({ event: 'presence', node: { ...info, price: BigInt(body.price) } })
  }

  function hearCommit({ sender: peer, job, body }: Extract<Message, { kind: 'commit' }>): void {
    if (job === undefined) return
    if (body.outcome === 'trained') {
      const { commitment } = body
      if (commitment.worker !== peer || !isSignedCommitment(verifySignature, commitment)) return
      const { unit } = commitment.commitment
      tell({ event: 'commit', job, peer, unit, outcome: { kind: 'trained', commitment } })
    } else if (body.outcome === 'evaluated') {
      const { evaluation } = body
      if (evaluation.worker !== peer || !isSignedEvaluation(verifySignature, evaluation)) return
      tell({ event: 'commit', job, peer, unit: evaluation.unit, outcome: { kind: 'evaluated', evaluation } })
    } else {
      const { unit, diverged: divergence } = body
      tell({ event: 'commit', job, peer, unit, outcome: { kind: 'diverged', node: peer, divergence } })
    }
  }

  function hear(message: Message): void {
    const { sender: peer, job } = message
    if (message.kind === 'presence') hearPresence(message)
    if (job === undefined) return
    if (message.kind === 'submitted') void hearSubmitted(job, message.body.document)
    else if (message.kind === 'commit') hearCommit(message)
    else if (message.kind === 'pinned') tell({ event: 'pinned', job, peer })
    else if (message.kind === 'report') tell({ event: 'report', job, peer, ...message.body })
    else if (message.kind === 'release') tell({ event: 'release', job, peer, ...message.body })
    else if (message.kind === 'progress') {
      const { lease, done, lossBits } = message.body
      tell({ event: 'progress', job, peer, lease, done })
      onProgress(job, { peer, lease, done, lossBits })
    }
  }

  // Whatever was under way when this node last stopped is over.
  for (const job of state.jobs.keys()) tell({ event: 'called', job })
  const timer = setInterval(() => tell({ event: 'timer' }), TIMER_MS)
  return {
    hear,
    state: () => state,
    chainChanged,
    document,
    stop() {
      isStopped = true
      clearInterval(timer)
    },
  }
}
