/** A person's place in the network: asks coordinators, reads the chain, and keeps no state of its own. */
import { type ChainClient, networkId } from '@cairn/contracts'
import { InputError, ResourceError } from '@cairn/primitives'
import type { JobId, Message, MessageBodies, MessageKind } from '@cairn/protocol'
import { createKey, type NodeKey } from '../keys/node-key.ts'
import { type Logger, silentLogger } from '../log/logger.ts'
import { createHost, type Host } from '../network/host.ts'
import { createMailbox, type Mailbox } from '../runtime/mailbox.ts'
import type { NetworkFile } from '../runtime/network-file.ts'
import { openChain } from '../runtime/open-chain.ts'
import type { JobStatus, JobSummary, NodeSummary, Question, WhyAnswer, WorkSummary } from '../runtime/summaries.ts'
import { allAnswers } from './ask-all.ts'
import { bestAnswer } from './best-answer.ts'
import { type OwnBlobs, ownBlobs } from './own-blobs.ts'
import { type JobPay, payFor } from './pay.ts'

export interface ClientOptions {
  readonly network: NetworkFile
  /** Pays and signs; left out, the client only reads. */
  readonly key?: NodeKey
  readonly log?: Logger
}

export interface NetworkClient {
  readonly network: NetworkFile
  readonly chain: ChainClient
  readonly host: Host
  readonly mailbox: Mailbox
  /** Asks all coordinators and takes the best answer; null where none knows. Throws `ResourceError` (`NoCoordinator`). */
  ask(question: Question): Promise<unknown>
  /** Asks all coordinators, for whoever can tell a good answer by itself. Throws `ResourceError` (`NoCoordinator`). */
  answers(question: Question): Promise<readonly unknown[]>
  jobs(): Promise<JobSummary[]>
  /** Finds a job by a prefix of its id. Throws `InputError` (`UnknownJob`). */
  job(prefix: string, fromRound?: number): Promise<JobStatus>
  nodes(): Promise<NodeSummary[]>
  why(subject: string): Promise<WhyAnswer>
  /** Makes amounts of what a `why` says was done, and asks the chain what of it is settled and paid. */
  pay(work: readonly WorkSummary[]): Promise<JobPay[]>
  /** What this client gives to nodes. */
  readonly blobs: Pick<OwnBlobs, 'open'>
  /** Listens to messages for as long as the returned function was not called. */
  listen(handler: (message: Message) => void): () => void
  send<Kind extends MessageKind>(to: string, kind: Kind, job: JobId, body: MessageBodies[Kind]): void
  /** Peers that bootstrap addresses led to. */
  coordinators(): readonly string[]
  stop(): Promise<void>
}

const noCoordinator = (network: NetworkFile, found: string): ResourceError =>
  new ResourceError('NoCoordinator', 'No coordinator of the network answers.', {
    path: network.bootstrap.join(', ') || 'bootstrap',
    expected: 'a coordinator that answers questions',
    found,
    fix: 'Is the network up? `cairn up` starts a local one; see `cairn doctor`.',
  })

const unknown = (code: string, what: string, subject: string): InputError =>
  new InputError(code, `The network knows no such ${what}.`, {
    path: subject,
    expected: `a ${what}, or the beginning of its name`,
    found: 'nothing, or several',
    fix: 'List them with `cairn jobs` and `cairn nodes`.',
  })

/** Connects. Throws `InputError` and `ResourceError` of the chain's checks, and `ResourceError` (`NoCoordinator`). */
export async function connectClient(options: ClientOptions): Promise<NetworkClient> {
  const { network, key = createKey(), log = silentLogger } = options
  const chain = await openChain(network, options.key)
  const handlers = new Set<(message: Message) => void>()
  const id = networkId(network.chainId, network.escrow)
  let mailbox: Mailbox | undefined
  const host = await createHost({
    privateKey: key.peerSeed(),
    network: id,
    bootstrap: network.bootstrap,
    onMessage: (bytes, from) => void mailbox?.receive(bytes, 'direct', from),
    // A client passes gossip on unread: it knows nobody.
    onGossip: () => 'ignore',
  })
  const opened = createMailbox({
    network: id,
    signer: host.signer,
    log,
    rules: { isKnown: () => true, mayStrangersSend: kind => kind === 'pinned', isJobKnown: () => true },
    onMessage: message => {
      for (const handler of handlers) handler(message)
    },
  })
  opened.connect({ send: host.send, publish: () => undefined })
  mailbox = opened
  const dialled = await Promise.all(network.bootstrap.map(address => host.dial(address)))
  const coordinators = dialled.filter(peer => peer !== undefined)

  async function answers(question: Question): Promise<readonly unknown[]> {
    const all = await allAnswers(coordinators.map(peer => host.ask(peer, question)))
    const good = all.flatMap(answer => (answer.ok ? [answer.answer] : []))
    if (good.length > 0) return good
    const found = all.map(answer => (answer.ok ? '' : answer.code)).join(', ')
    throw noCoordinator(network, found || 'nobody at the bootstrap addresses')
  }
  const ask = async (question: Question): Promise<unknown> => bestAnswer(question, await answers(question))
  const blobs = ownBlobs(host.connections)

  return {
    network,
    chain,
    host,
    mailbox: opened,
    ask,
    answers,
    jobs: async () => (await ask({ ask: 'jobs' })) as JobSummary[],
    async job(prefix, fromRound = 0) {
      const answer = await ask({ ask: 'job', job: prefix, fromRound })
      if (answer === null) throw unknown('UnknownJob', 'job', prefix)
      return answer as JobStatus
    },
    nodes: async () => (await ask({ ask: 'nodes' })) as NodeSummary[],
    async why(subject) {
      const answer = await ask({ ask: 'why', subject })
      if (answer === null) throw unknown('UnknownSubject', 'job, unit or node', subject)
      return answer as WhyAnswer
    },
    pay: work => payFor({ chain, answers }, work),
    blobs,
    listen(handler) {
      handlers.add(handler)
      return () => void handlers.delete(handler)
    },
    send: opened.send,
    coordinators: () => coordinators,
    async stop() {
      await host.stop()
      await blobs.remove()
    },
  }
}
