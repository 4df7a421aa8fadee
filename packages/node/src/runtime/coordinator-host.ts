/** Hosts the coordinator role: tells it of messages and of the chain, and performs what it asks for. */
import { randomBytes, randomInt } from 'node:crypto'
import { claimChecking, readEarnings } from '@cairn/contracts'
import { encodeHex, type HashHex } from '@cairn/primitives'
import {
  bytesId,
  type CoordinatorEffect,
  type CoordinatorEvent,
  type CoordinatorState,
  closingDocumentOf,
  DEFAULT_SETTINGS,
  decodeJobDocument,
  encodeClosingDocument,
  encodeRoundDocument,
  type JobDocument,
  type JobId,
  type JobOutcome,
  type JobRecord,
  lacksDoers,
  lacksOrders,
  type Message,
  type PeerAddress,
  roundDocumentOf,
  tickCoordinator,
} from '@cairn/protocol'
import type { BlobStore } from '../blobs/blob-store.ts'
import { standardUnits } from '../compute/standard-units.ts'
import { sha256 } from '../files/hash.ts'
import { signLease } from './account-signing.ts'
import type { AuditBook } from './audit-book.ts'
import { type CallRefusal, makeCall } from './chain-calls.ts'
import { type JobView, sameAccount } from './chain-watch.ts'
import { openCoordinatorJournal } from './coordinator-journal.ts'
import { coordinatorEvent } from './coordinator-messages.ts'
import type { DoerDraws } from './doer-draws.ts'
import { durableRole } from './durable-role.ts'
import { earnedCounter } from './earned-counter.ts'
import { includedUnits } from './included-units.ts'
import { jobDocuments } from './job-documents.ts'
import { chainView, jobFacts, wrongTerms } from './job-facts.ts'
import type { Fetcher, NodeParts } from './parts.ts'
import { repeatedAttempts } from './repeated-attempts.ts'

export interface CoordinatorHost {
  hear(message: Message): void
  state(): CoordinatorState
  /** The chain was read: tell the role. */
  chainChanged(): void
  /** The book has drawn something, or doers are known. */
  drawn(): void
  document(job: JobId): JobDocument | undefined
  stop(): Promise<void>
}

export interface CoordinatorHostOptions {
  readonly parts: NodeParts
  readonly blobs: BlobStore
  readonly fetcher: Fetcher
  /** Of this machine, to do what it asks others to do. */
  readonly threads: number
  /** Of the network: how long claims may be challenged. */
  readonly challengeSeconds: number
  /** What the chain has drawn. */
  readonly book: Pick<AuditBook, 'draws' | 'isOpen'>
  /** Who does units beside their workers. */
  readonly draws: Pick<DoerDraws, 'of'>
  readonly onReason: (effect: Extract<CoordinatorEffect, { effect: 'reason' }>) => void
  readonly onProgress: (progress: { readonly lease: number; readonly lossBits: number }) => void
}

type Perform = {
  readonly [E in CoordinatorEffect['effect']]: (
    effect: Extract<CoordinatorEffect, { effect: E }>,
  ) => void | Promise<void>
}

const TIMER_MS = 500
const SECRET_BYTES = 32

/** The document that a link names. */
function announcedDocument(job: JobRecord, round: number, closing: JobOutcome | undefined): Uint8Array | undefined {
  if (closing !== undefined) return encodeClosingDocument(closingDocumentOf(job, round, closing))
  const document = roundDocumentOf(job, round)
  return document && encodeRoundDocument(document)
}

/** Starts the role where its journal left off. */
export function hostCoordinator(options: CoordinatorHostOptions): CoordinatorHost {
  const { parts, blobs, fetcher, threads, challengeSeconds, book, draws, onReason, onProgress } = options
  const { chain, client, storage, mailbox, log, key, learn } = parts
  const account = key.address.toLowerCase()
  const checking = claimChecking({ chainId: client.chainId, anchors: client.addresses.anchors })
  const earned = earnedCounter(client)
  const journal = openCoordinatorJournal(storage, { account, ...DEFAULT_SETTINGS })
  const role = durableRole<CoordinatorState, CoordinatorEvent, CoordinatorEffect>({
    initial: journal.state,
    tick: (state, { event, nowMs, seed }) => tickCoordinator(state, event, nowMs, seed),
    append: journal.append,
    perform: effect =>
      attempt(effect.effect, () => (table[effect.effect] as (e: CoordinatorEffect) => unknown)(effect)),
    draw: () => randomInt(2 ** 32),
    log,
  })
  const { tell, state } = role
  const workers = (): PeerAddress[] =>
    [...state().nodes.values()]
      .filter(node => node.role === 'worker' && Date.now() - node.seenMs <= DEFAULT_SETTINGS.lostAfterMs)
      .map(({ peer, addresses }) => ({ peer, addresses }))
  const documents = jobDocuments(parts, { blobs, fetcher, checking, livePeers: workers })

  const units = standardUnits(threads)
  const included = includedUnits({ parts, checking, bytesOf: documents.bytes })

  /** What goes wrong with one effect or message is logged and tried again; it never ends the node. */
  function attempt(what: string, work: () => unknown): void {
    Promise.resolve()
      .then(work)
      .catch(error => log.warn({ what, error: String(error) }, 'this did not work and will be tried again'))
  }

  const table: Perform = {
    send: ({ to, kind, job, body }) => mailbox.send(to, kind, job, body),
    reason: effect => onReason(effect),
    async sendLease({ to, job, body, toSign }) {
      const signed = toSign && { signed: await signLease(parts, toSign) }
      mailbox.send(to, 'lease', job, { ...body, ...signed })
    },
    async standardUnit({ peer, seed }) {
      tell({ event: 'standard', peer, seed, ...(await units.run(seed)) })
    },
    announceAnchored({ job: id, round, closing, to }) {
      const job = state().jobs.get(id)
      const document = job && announcedDocument(job, round, closing)
      if (document === undefined) return
      const body = { round, document }
      for (const peer of to) mailbox.send(peer, 'anchored', id, body)
    },
    async call({ job: id, call }) {
      let [ok, refused]: [boolean, CallRefusal | undefined] = [false, undefined]
      try {
        await chain.refresh()
        const [job, view] = [state().jobs.get(id), chain.job(id)]
        if (job === undefined || view === undefined) return
        refused = await makeCall({ parts, state: state(), job, view, earned }, call)
        ok = refused === undefined
        if (refused !== undefined) log.warn({ job: id, call: call.call }, refused.reason)
        else log.info({ job: id, call: call.call }, 'sent to the chain')
      } finally {
        await chain.refresh()
        const { reason: _, ...refusal } = refused ?? {}
        const called = { event: 'called', job: id, ok, ...refusal, isRefused: refused !== undefined } as const
        await tellChain(id).finally(() => tell(called))
      }
    },
  }

  const viewOf = async (view: JobView) =>
    chainView(view, { earnings: await readEarnings(client, view.job), challengeSeconds, account, nowMs: Date.now() })

  async function tellChain(id: JobId): Promise<void> {
    const view = chain.job(id)
    if (view === undefined || !state().jobs.has(id)) return
    tell({ event: 'chain', job: id, view: await viewOf(view) })
    takeIncluded(view)
  }

  /** PERF: records may be nowhere; nothing waits for them, and each job's are looked for once at a time. */
  const underWay = new Set<JobId>()
  function takeIncluded(view: JobView): void {
    const job = state().jobs.get(view.job)
    if (job === undefined || job.chain.isEnded || !job.chain.holdsLease || underWay.has(view.job)) return
    underWay.add(view.job)
    attempt('included', async () => {
      try {
        for (const event of await included(view, job)) tell(event)
      } finally {
        underWay.delete(view.job)
      }
    })
  }

  /** Tells whether this coordinator knows a job as far as the chain does. */
  function isFollowed({ job, anchors }: JobView): boolean {
    const record = state().jobs.get(job)
    if (record === undefined || record.isBehind) return false
    return anchors.rounds === 0 || record.rounds[anchors.rounds - 1]?.globalRoot !== undefined
  }

  /**
   * Tells whether a job is to be begun, taken over, or looked up for those who ask for weights and pay: who coordinated
   * it may be gone with its disk. One that somebody else coordinates is left alone.
   */
  function isWanted(view: JobView): boolean {
    if (isFollowed(view)) return false
    if (view.status === 'closed') return state().jobs.has(view.job) || view.anchors.rounds === view.terms.rounds
    const { holder, expiresAtSeconds } = view.anchors
    return holder === undefined || sameAccount(holder, account) || expiresAtSeconds * 1000 <= Date.now()
  }

  async function beginJob(view: JobView): Promise<void> {
    const seen = await viewOf(view)
    const document = await documents.obtain(view)
    const history = document && (view.anchors.rounds === 0 ? [] : await documents.history(view))
    if (document === undefined || history === undefined) return
    const wrong = wrongTerms(view, document)
    if (wrong !== undefined) {
      log.warn({ job: view.job }, `the terms on the chain do not fit the job: ${wrong}`)
      return
    }
    tellRegistered(
      history.flatMap(({ document: { units } }) =>
        units.flatMap(({ worker, custody }) => [worker, ...custody.map(c => c.peer)]),
      ),
    )
    const facts = jobFacts(view, document, challengeSeconds)
    tell({ event: 'job', facts, submitter: view.submitter, chain: seen, history })
  }

  /** Nodes that worked on a job before this coordinator knew it are paid too. */
  function tellRegistered(peers: readonly string[]): void {
    for (const peer of new Set(peers)) {
      const node = chain.registered(peer)
      if (node === undefined || state().nodes.has(peer)) continue
      tell({ event: 'registered', peer, account: node.account.toLowerCase(), owner: node.owner.toLowerCase() })
    }
  }

  /** PERF: documents may be nowhere, for now or for good; one job's must not hold up the others. */
  const attempts = repeatedAttempts({ begin: beginJob, isWanted, log })

  /** Tells who audits what of the rounds that stand, and who does the next one's units beside their workers. Nobody else knows which requests follow from the secret. */
  function drawn(): void {
    for (const { job: id, round, head, beacon, orders } of book.draws()) {
      const job = state().jobs.get(id)
      if (job === undefined || !book.isOpen(head) || !lacksOrders(job, round, beacon)) continue
      const secret = encodeHex(randomBytes(SECRET_BYTES)) as HashHex
      tell({ event: 'drawn', job: id, round, beacon, secret, orders })
    }
    for (const [id, job] of state().jobs) {
      const round = job.chain.anchored
      const drawnDoers = lacksDoers(job, round) ? draws.of(id, round) : undefined
      if (drawnDoers !== undefined) tell({ event: 'doers', job: id, round, drawn: drawnDoers })
    }
  }

  let isTelling = false
  function chainChanged(): void {
    if (isTelling) return
    isTelling = true
    attempt('chain', async () => {
      try {
        for (const view of chain.jobs()) attempts.want(view)
        for (const [id, { chain: before }] of state().jobs) {
          // A chain may forget its last blocks: what was closed is looked at again when it is no longer.
          const isOver = before.status === 'closed' && chain.job(id)?.status === 'closed'
          if (!isOver || before.holdsLease) await tellChain(id)
        }
        drawn()
      } finally {
        isTelling = false
      }
    })
  }

  async function hearSubmitted(job: JobId, bytes: Uint8Array): Promise<void> {
    if (chain.job(job) === undefined) await chain.refresh()
    const view = chain.job(job)
    if (view === undefined || !decodeJobDocument(bytes).ok || bytesId(sha256, bytes) !== view.terms.document) return
    documents.keep(job, bytes)
    attempts.renew(job)
    chainChanged()
  }

  // Whatever was under way when this node last stopped is over.
  for (const job of state().jobs.keys()) tell({ event: 'called', job, ok: true })
  const timer = setInterval(() => tell({ event: 'timer' }), TIMER_MS)
  return {
    hear(message) {
      const { kind, job } = message
      if (kind === 'presence') learn({ peer: message.sender, addresses: message.body.addresses })
      if (kind === 'submitted' && job !== undefined) attempt(kind, () => hearSubmitted(job, message.body.document))
      if (kind === 'pinned' && job !== undefined && !state().jobs.has(job)) attempts.renew(job)
      if (kind === 'progress') onProgress(message.body)
      const event = coordinatorEvent({ chain, checking, state: state() }, message)
      if (event !== undefined) tell(event)
    },
    state,
    chainChanged,
    drawn,
    document: documents.find,
    stop() {
      role.stop()
      clearInterval(timer)
      return units.stop()
    },
  }
}
