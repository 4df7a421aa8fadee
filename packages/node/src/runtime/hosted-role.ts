/**
 * The role of a node, with what it hosts beside it: every role reads what audits the chain has drawn, and what is asserted of
 * earnings; workers and verifiers also play the games about their claims and challenges.
 */
import { join } from 'node:path'
import type { JobId, Message, NetworkParameters } from '@cairn/protocol'
import type { BlobStore } from '../blobs/blob-store.ts'
import { type ServeCounts, serveBlobs } from '../blobs/serve-blobs.ts'
import { createCompute } from '../compute/compute.ts'
import type { Connections } from '../network/connections.ts'
import { type AuditBook, auditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import { auditJobs } from './audit-jobs.ts'
import { challengeAgain } from './challenge-again.ts'
import { type CoordinatorHost, hostCoordinator } from './coordinator-host.ts'
import { doerDraws } from './doer-draws.ts'
import { hostDoer } from './doer-host.ts'
import { earningsWatch } from './earnings-watch.ts'
import { hostGames } from './game-host.ts'
import type { LivePeers } from './live-peers.ts'
import { measureAnswers } from './measure-answers.ts'
import { outerDissent } from './outer-dissent.ts'
import type { Fetcher, NodeParts } from './parts.ts'
import { reasonBook } from './reasons-book.ts'
import { hostVerifier } from './verifier-host.ts'
import { hostWorker } from './worker-host.ts'

export interface HostedRole {
  /** Takes a message that the guard let through. */
  hear(message: Message): void
  /** The chain was read. */
  chainChanged(): void
  /** Gives back what it has taken. Returns whether it has last words, which need a moment. */
  leave(): boolean
  /** There if that is its role. */
  readonly coordinator?: CoordinatorHost
  /** Bytes of blobs that were given to others. */
  servedBytes(): number
}

export interface HostingOptions {
  readonly config: {
    readonly directory: string
    readonly role: 'worker' | 'verifier' | 'coordinator'
    readonly threads: number
    readonly computeEntry?: URL
  }
  readonly parts: NodeParts
  readonly blobs: BlobStore
  readonly fetcher: Fetcher
  readonly connections: Connections
  readonly parameters: NetworkParameters
  readonly peers: LivePeers
  /** Coordinators that were heard of. */
  readonly coordinators: () => readonly string[]
  /** Of leases: the bits of the last loss. */
  readonly progress: Map<number, number>
  /** What ends it, in the order in which it began. */
  readonly closers: (() => Promise<void> | void)[]
}

/** SAFETY: losses in memory, of leases that nodes name. */
const MOST_LOSSES = 10_000

/** SAFETY: messages in memory that wait for a draw. */
const MOST_EARLY = 64

interface Audits {
  readonly onDrawn: (draw: AuditDraw) => void
  readonly onReplaced: () => void
  readonly find?: Parameters<typeof auditJobs>[0]['find']
}

function openBook(options: HostingOptions, { onDrawn, onReplaced, find }: Audits): AuditBook {
  const { parts, blobs, fetcher, parameters, peers, closers } = options
  const checkpointsOf = auditJobs({
    ...{ parts: { ...parts, blobs, fetcher }, peers, onFound: () => book.chainChanged() },
    ...(find && { find }),
  })
  const book = auditBook({ parts, parameters, checkpointsOf, onDrawn, onReplaced })
  closers.push(book.stop)
  return book
}

function asCoordinator(options: HostingOptions, onReplaced: () => void): HostedRole {
  const { config, parts, blobs, fetcher, parameters, progress, closers } = options
  const find = (job: JobId) => coordinator.document(job)
  const book = openBook(options, { onDrawn: () => coordinator.drawn(), onReplaced, find })
  const draws = doerDraws({ parts, parameters, onFound: () => coordinator.drawn() })
  const coordinator = hostCoordinator({
    ...{ parts, blobs, fetcher, threads: config.threads, book, draws, challengeSeconds: parameters.challengeSeconds },
    onReason: reasonBook(parts.storage, parts.log),
    onProgress({ lease, lossBits }) {
      progress.set(lease, lossBits)
      const [oldest] = progress.keys()
      if (progress.size > MOST_LOSSES && oldest !== undefined) progress.delete(oldest)
    },
  })
  closers.push(coordinator.stop)
  return {
    hear: coordinator.hear,
    chainChanged() {
      book.chainChanged()
      coordinator.chainChanged()
    },
    leave: () => false,
    coordinator,
    servedBytes: () => 0,
  }
}

/** A thread for the work, and one for games: their clocks do not wait for a unit. */
function computesOf({ config, closers }: HostingOptions) {
  const { directory, threads, computeEntry } = config
  const made = ['progress', 'games'].map(name => {
    const directories = { blobDirectory: join(directory, 'blobs'), progressDirectory: join(directory, name) }
    return createCompute({ ...directories, threads, ...(computeEntry && { entry: computeEntry }) })
  })
  for (const compute of made) closers.push(() => compute.terminate())
  return made as [(typeof made)[0], (typeof made)[0]]
}

/** A verifier audits what was done, and does units beside their workers. */
function asVerifier(options: Parameters<typeof hostVerifier>[0] & Parameters<typeof hostDoer>[0]) {
  const [verifier, doer] = [hostVerifier(options), hostDoer(options)]
  return {
    drawn: verifier.drawn,
    chainReplaced() {
      verifier.chainReplaced()
      doer.chainReplaced()
    },
    leave: () => undefined,
    hear(message: Message) {
      verifier.hear(message)
      doer.hear(message)
    },
    stop() {
      verifier.stop()
      doer.stop()
    },
  }
}

type WorkerOptions = Parameters<typeof hostWorker>[0] &
  Omit<Parameters<typeof outerDissent>[0], 'state'> &
  Parameters<typeof measureAnswers>[0]

/** A worker does units, says how fast it is, and stands by what it found of whole rounds. */
function asWorker(options: WorkerOptions) {
  const worker = hostWorker(options)
  const measures = measureAnswers(options)
  const dissent = outerDissent({ ...options, state: worker.state })
  return {
    ...worker,
    drawn(draw: AuditDraw) {
      worker.drawn(draw)
      dissent.drawn(draw)
    },
    chainReplaced: dissent.chainReplaced,
    hear(message: Message) {
      worker.hear(message)
      measures.hear(message)
    },
    stop() {
      worker.stop()
      dissent.stop()
      return measures.stop()
    },
  }
}

/** What workers and verifiers host to do their work: over it stands which of the two they are. */
async function asDoer(options: HostingOptions, onReplaced: () => void): Promise<HostedRole> {
  const { config, parts, blobs, fetcher, connections, parameters, peers, coordinators, closers } = options
  const [compute, gameCompute] = computesOf(options)
  const doing = { ...parts, blobs, fetcher, compute }
  const served: ServeCounts = await serveBlobs(connections, blobs)
  const onReason = reasonBook(parts.storage, parts.log)
  const book = openBook(options, {
    onDrawn: draw => host.drawn(draw),
    onReplaced() {
      host.chainReplaced()
      games.chainReplaced()
      onReplaced()
    },
  })
  const { challengeSeconds, maximumDelaySeconds } = parameters
  const draws = doerDraws({ parts, parameters, onFound: () => early.splice(0).forEach(host.hear) })
  // PERF: coordinators ask again, but only after a while.
  const early: Message[] = []
  const isEarly = (message: Message): boolean =>
    (message.kind === 'do' || message.kind === 'open') &&
    draws.of(message.body.unit.job, message.body.unit.round) === undefined
  const doerParts = { ...doing, peers }
  const host =
    config.role === 'verifier'
      ? asVerifier({ parts: doerParts, book, draws, challengeSeconds, onReason })
      : asWorker({
          parts: doerParts,
          coordinators,
          onReason,
          isDrawn: book.isDrawn,
          draws,
          challengeSeconds,
          threads: config.threads,
        })
  const games = hostGames({
    ...{ parts: { ...doing, compute: gameCompute }, peers: () => peers.list(), maximumDelaySeconds },
    evidenceDirectory: join(config.directory, 'evidence'),
    onChallenges: challengeAgain({ parts: doerParts, book, onReason }),
    wire: {
      peerOf(account) {
        const peer = parts.chain.nodeOfAccount(account)?.peer
        return peers.list().some(live => live.peer === peer) ? peer : undefined
      },
      send: (peer, job, body) => parts.mailbox.send(peer, 'game', job, body),
    },
  })
  closers.push(host.stop, games.stop)
  return {
    hear(message) {
      if (isEarly(message) && early.length < MOST_EARLY) early.push(message)
      host.hear(message)
      games.hear(message)
    },
    chainChanged() {
      book.chainChanged()
      games.chainChanged()
    },
    leave() {
      host.leave()
      return true
    },
    servedBytes: () => served.bytes,
  }
}

/** Starts a node's role. */
export async function hostRole(options: HostingOptions): Promise<HostedRole> {
  const { config, parts, parameters } = options
  const earnings = earningsWatch({ ...parts, challengeSeconds: parameters.challengeSeconds })
  const host = config.role === 'coordinator' ? asCoordinator : asDoer
  const role = await host(options, earnings.chainReplaced)
  return {
    ...role,
    chainChanged() {
      role.chainChanged()
      earnings.chainChanged()
    },
  }
}
