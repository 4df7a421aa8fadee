/**
 * The host: a node's place in the network. It carries bytes between peers and says who they came from; whether to believe
 * them is the guard's business (`openMessage`), and what to do about them the roles'.
 * SPEC: docs/spec/messages.md; docs/decisions/0004-network.md "Messages".
 */
import type { HashHex } from '@cairn/primitives'
import type { PeerAddress } from '@cairn/protocol'
import { bootstrap } from './bootstrap.ts'
import { type Connections, connectionsOf } from './connections.ts'
import { directMessages, type MessageCounts } from './direct-messages.ts'
import { type GossipChannel, type GossipVerdict, gossipOf, gossipTopics } from './gossip.ts'
import { createLibp2pNode, startListening } from './libp2p-node.ts'
import { DEFAULT_LIMITS, type NetworkLimits } from './limits.ts'
import { type Answer, type AnswerQuestion, queries } from './queries.ts'
import { libp2pKeyOf, type Signer, signerOf } from './signing.ts'

export interface HostOptions {
  /** SAFETY: a secret. The 32-byte seed of the node's Ed25519 key. */
  readonly privateKey: Uint8Array
  readonly network: HashHex
  /** Multiaddresses; a free port of the loopback, by TCP and by WebSocket, when absent. */
  readonly listen?: readonly string[]
  readonly announce?: readonly string[]
  /** Multiaddresses of peers to begin with. */
  readonly bootstrap?: readonly string[]
  readonly onMessage: (bytes: Uint8Array, from: string) => void
  /** Whether this node deals with a peer, which may then send larger messages; everybody when absent. */
  readonly isKnown?: (peer: string) => boolean
  readonly onGossip: (channel: GossipChannel, bytes: Uint8Array, from: string) => GossipVerdict
  /** What it listens to, and so passes on; all when absent. */
  readonly channels?: readonly GossipChannel[]
  readonly onQuestion?: AnswerQuestion
  readonly onConnect?: (peer: string) => void
  readonly onDisconnect?: (peer: string) => void
  /** Told of faults of this node while answering questions. */
  readonly onFault?: (cause: unknown) => void
  readonly limits?: Partial<NetworkLimits>
  readonly nowMs?: () => number
}

export interface Host {
  /** This node's public key in hex. */
  readonly peer: string
  /** Signs as this node. */
  readonly signer: Signer
  /** Where this node can be dialled, its peer id included. */
  addresses(): string[]
  connected(): string[]
  /** Dials a multiaddress; returns who answered, or undefined. */
  dial(address: string): Promise<string | undefined>
  /** Remembers where a peer can be reached. */
  learn(address: PeerAddress): void
  /** Sends to one peer, best effort, dialling it if need be. */
  send(peer: string, bytes: Uint8Array): void
  publish(channel: GossipChannel, bytes: Uint8Array): Promise<number>
  ask(peer: string, question: unknown, options?: { readonly timeoutMs?: number }): Promise<Answer>
  /** For other protocols, such as that of blobs. */
  readonly connections: Connections
  readonly counts: Readonly<MessageCounts>
  stop(): Promise<void>
}

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']

const noQuestions: AnswerQuestion = () => {
  throw new Error('this node answers no questions')
}

/** Starts a host. Throws `InputError` (`PortTaken`, `BadListenAddress`, `BadSeed`). */
export async function createHost(options: HostOptions): Promise<Host> {
  const { network, listen = LOOPBACK, announce = [], onQuestion = noQuestions, onFault } = options
  const { nowMs = Date.now, isKnown = () => true, onMessage } = options
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const signer = signerOf(options.privateKey)
  const privateKey = await libp2pKeyOf(options.privateKey)
  const node = await createLibp2pNode({ privateKey, listen, announce, topics: gossipTopics(network), limits })
  const connections = connectionsOf(node, limits)
  const messages = await directMessages({ connections, limits, nowMs, isKnown, onMessage })
  const asked = await queries({ connections, limits, nowMs, onQuestion, onFault })
  if (options.onConnect) connections.onConnect(options.onConnect)
  if (options.onDisconnect) connections.onDisconnect(options.onDisconnect)
  await startListening(node, listen)
  const gossip = gossipOf(node, network, options.onGossip, options.channels)
  const begun = bootstrap(connections, options.bootstrap ?? [], limits)

  return {
    peer: signer.peer,
    signer,
    addresses: () => node.getMultiaddrs().map(String),
    connected: connections.connected,
    dial: connections.dial,
    learn: connections.learn,
    send: messages.send,
    publish: gossip.publish,
    ask: asked.ask,
    connections,
    counts: messages.counts,
    async stop() {
      begun.stop()
      messages.stop()
      await node.stop()
    },
  }
}
