/**
 * A node: keys, chain, storage, network and one role, put together in one process. Whatever is wrong from the start is
 * an error with its fix; whatever goes wrong later is retried, and never ends the node.
 */
import { join } from 'node:path'
import { networkId, readParameters } from '@cairn/contracts'
import type { Account, Message } from '@cairn/protocol'
import { openBlobStore } from '../blobs/blob-store.ts'
import { blobFetcher } from '../blobs/fetch-blob.ts'
import { lockDirectory } from '../files/lock.ts'
import { makeDirectory } from '../files/read-write.ts'
import type { NodeKey } from '../keys/node-key.ts'
import type { Logger } from '../log/logger.ts'
import { createHost, type Host } from '../network/host.ts'
import { signerOf } from '../network/signing.ts'
import { openStorage } from '../storage/open-storage.ts'
import { watchChain } from './chain-watch.ts'
import { type HostedRole, hostRole } from './hosted-role.ts'
import { livePeers } from './live-peers.ts'
import { createMailbox } from './mailbox.ts'
import type { NetworkFile } from './network-file.ts'
import { openChain } from './open-chain.ts'
import type { NodeParts } from './parts.ts'
import { announcePresence } from './presence.ts'
import { answerQuestion } from './questions.ts'
import { ensureRegistered, registrationKeeper } from './register.ts'

export interface NodeConfig {
  readonly directory: string
  readonly key: NodeKey
  readonly role: 'worker' | 'verifier' | 'coordinator'
  readonly network: NetworkFile
  /** Multiaddresses; loopback and any port when empty. */
  readonly listen: readonly string[]
  /** Asked per 10^12 operations, in the token's smallest unit. */
  readonly price: bigint
  /** Stake to have at least. */
  readonly stake: bigint
  readonly threads: number
  readonly memoryBytes: number
  /** Left out, the node is its own owner. */
  readonly owner?: Account
  readonly log: Logger
  /** How often the chain is read. */
  readonly pollMs?: number
  /** Entry of its compute threads, where it is not the usual one. */
  readonly computeEntry?: URL
  /** Which messages its role hears, where that is not all of them. */
  readonly hears?: (message: Message) => boolean
  /** Changes what its role works with, where that is not the usual: of dishonest nodes. */
  readonly alters?: (parts: NodeParts) => NodeParts
}

export interface RunningNode {
  readonly peer: string
  readonly account: Account
  readonly addresses: readonly string[]
  /** Gives leases back, says goodbye, closes everything. */
  stop(reason: string): Promise<void>
}

/** Speed assumed of a thread before a unit was measured. */
const ASSUMED_OPERATIONS_PER_SECOND = 3_000_000_000

/** Starts a node. Throws `InputError`, `ResourceError` and `IntegrityError` for all that is wrong from the start. */
export async function startNode(config: NodeConfig): Promise<RunningNode> {
  const { directory } = config
  await makeDirectory(directory)
  const lock = lockDirectory(directory, 'Stop the other node, or give this one another --dir.')
  const onExit = () => lock.release()
  process.on('exit', onExit)
  const closers: (() => Promise<void> | void)[] = [() => void process.off('exit', onExit), lock.release]
  const stop = async () => {
    for (const close of closers.toReversed()) await close()
    closers.length = 0
  }
  try {
    return await run(config, closers, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function run(
  config: NodeConfig,
  closers: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<RunningNode> {
  const { directory, key, role, network, log, listen, threads } = config
  const client = await openChain(network, key)
  const storage = openStorage(directory)
  closers.push(storage.close)
  const signer = signerOf(key.peerSeed())
  const account = key.address.toLowerCase() as Account
  const owner = config.owner ?? key.address
  const { stake, price, memoryBytes } = config
  const { hasFaucet } = network
  const verifies = role === 'verifier'
  const registration = { client, signer, account: key.address, owner, verifies, stake, hasFaucet, log }
  await ensureRegistered(registration)

  let hosted: HostedRole | undefined
  const peers = livePeers()
  const coordinators = new Map<string, number>()
  const progress = new Map<number, number>()

  const parameters = await readParameters(client)
  const { minimumStake } = parameters
  const keepRegistered = registrationKeeper(registration, () => chain.registered(signer.peer) !== undefined)
  const onChange = () => {
    void keepRegistered()
    hosted?.chainChanged()
  }
  const chain = await watchChain({ client, minimumStake, pollMs: config.pollMs ?? 1_000, log, onChange })
  closers.push(chain.stop)

  const refreshSoon = throttled(() => void chain.refresh(), 500)
  const mailbox = createMailbox({
    network: networkId(network.chainId, network.escrow),
    signer,
    log,
    rules: {
      isKnown: sender => known(chain.node(sender) !== undefined, refreshSoon),
      mayStrangersSend: kind => kind === 'submitted' || kind === 'pin',
      isJobKnown: job => known(chain.job(job) !== undefined, refreshSoon),
    },
    onMessage: message => hear(message),
  })

  function hear(message: Message): void {
    if (message.kind === 'presence' && message.body.role === 'coordinator') coordinators.set(message.sender, Date.now())
    if (message.kind === 'presence') host.learn({ peer: message.sender, addresses: message.body.addresses })
    peers.hear(message)
    if (config.hears?.(message) ?? true) hosted?.hear(message)
  }

  const host: Host = await createHost({
    privateKey: key.peerSeed(),
    network: networkId(network.chainId, network.escrow),
    ...(listen.length > 0 ? { listen } : {}),
    bootstrap: network.bootstrap,
    isKnown: peer => chain.node(peer) !== undefined,
    onMessage: (bytes, from) => mailbox.receive(bytes, 'direct', from),
    onGossip: (channel, bytes) => (mailbox.receive(bytes, channel) ? 'accept' : 'ignore'),
    onQuestion: question => {
      if (hosted?.coordinator === undefined) return null
      return answerQuestion({ host: hosted.coordinator, storage, progress }, question, Date.now())
    },
    onFault: cause => log.warn({ error: String(cause) }, 'a question could not be answered'),
  })
  closers.push(() => host.stop())
  mailbox.connect({ send: host.send, publish: (channel, bytes) => void host.publish(channel, bytes) })

  const addresses = () => host.addresses()
  const usual: NodeParts = { signer, key, chain, client, mailbox, storage, log, addresses, learn: host.learn }
  const parts = config.alters?.(usual) ?? usual
  const operationsPerSecond = threads * ASSUMED_OPERATIONS_PER_SECOND
  const presence = announcePresence(mailbox, () => ({
    address: account,
    owner: owner.toLowerCase(),
    role,
    price: String(price),
    memoryBytes,
    threads,
    operationsPerSecond,
    addresses: addresses().slice(0, 16),
  }))
  const blobDirectory = join(directory, 'blobs')
  const onCorrupt = (id: string, found: string) => log.warn({ blob: id, found }, 'a blob had gone bad and was dropped')
  const blobs = await openBlobStore({ directory: blobDirectory, onCorrupt })
  const fetcher = blobFetcher(host.connections, blobs)
  closers.push(fetcher.stop)
  const { connections } = host
  const liveCoordinators = () => [...coordinators.keys()]
  hosted = await hostRole({
    ...{ config, parts, blobs, fetcher, connections, parameters, peers, progress, closers },
    coordinators: liveCoordinators,
  })
  onChange()
  presence.start()
  closers.push(presence.stop)
  log.info({ role, peer: host.peer, account, addresses: addresses() }, 'the node is up')
  return {
    peer: host.peer,
    account: key.address,
    addresses: addresses(),
    async stop(reason) {
      const { sent: messages, sentBytes: messageBytes } = host.counts
      log.info({ reason, blobBytes: hosted?.servedBytes() ?? 0, messages, messageBytes }, 'stopping')
      const hasLastWords = hosted?.leave() ?? false
      presence.leave()
      await new Promise(resolve => setTimeout(resolve, hasLastWords ? LAST_WORDS_MS : 0))
      await stop()
    },
  }
}

/** Time for a goodbye to leave the machine. */
const LAST_WORDS_MS = 150

/** Passes an answer on; a no may only mean that the chain was not read lately. */
function known(isKnown: boolean, refresh: () => void): boolean {
  if (!isKnown) refresh()
  return isKnown
}

function throttled(work: () => void, everyMs: number): () => void {
  let lastMs = 0
  return () => {
    if (Date.now() - lastMs < everyMs) return
    lastMs = Date.now()
    work()
  }
}
