/**
 * The libp2p node underneath: TCP and WebSocket, noise, yamux, identify, ping, gossipsub. Chosen settings only; what
 * Cairn says over it is in the files beside.
 */
import { InputError } from '@cairn/primitives'
import { type GossipSub, gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import type { NetworkLimits } from './limits.ts'

export type Libp2pNode = Libp2p<{ gossip: GossipSub }>

export interface Libp2pNodeOptions {
  readonly privateKey: PrivateKey
  readonly listen: readonly string[]
  /** Addresses to tell others instead of those listened on, such as that of a router. */
  readonly announce: readonly string[]
  /** Topics of this network; no others are carried. */
  readonly topics: readonly string[]
  readonly limits: NetworkLimits
}

const MIB = 2 ** 20
/** Identify, gossip, messages, questions and blobs need some 20; the rest is for crossing ones. */
const MAX_STREAMS_PER_CONNECTION = 64
/** Most bytes that a peer may send on one stream before they are read. */
const MAX_STREAM_WINDOW_BYTES = 2 * MIB
/** A gossip frame: the largest gossiped message (a commitment) and what comes with it. */
const MAX_GOSSIP_BYTES = MIB

/** Makes a node that does not listen yet; handlers are registered before it does. */
export const createLibp2pNode = (options: Libp2pNodeOptions): Promise<Libp2pNode> => {
  const { privateKey, listen, announce, topics, limits } = options
  return createLibp2p({
    privateKey,
    start: false,
    addresses: { listen: [...listen], announce: [...announce] },
    transports: [tcp(), webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_STREAMS_PER_CONNECTION,
        maxOutboundStreams: MAX_STREAMS_PER_CONNECTION,
        streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES },
      }),
    ],
    connectionManager: {
      maxConnections: limits.maxConnections,
      dialTimeout: limits.dialTimeoutMs,
      inboundConnectionThreshold: limits.inboundConnectionsPerSecond,
      maxIncomingPendingConnections: limits.inboundConnectionsPerSecond,
    },
    connectionMonitor: { pingInterval: limits.pingEveryMs, pingTimeout: { minTimeout: limits.pingTimeoutMs } },
    services: {
      identify: identify(),
      ping: ping(),
      gossip: gossipsub({
        // Cairn's envelope is signed and numbered by itself; a second signature would only cost.
        globalSignaturePolicy: 'StrictNoSign',
        allowedTopics: [...topics],
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        // A machine, or a fleet behind one router, may be many peers; the default mutes all of an address beyond ten.
        scoreParams: { IPColocationFactorWeight: 0 },
        maxInboundDataLength: MAX_GOSSIP_BYTES,
        maxOutboundBufferSize: 4 * MIB,
      }),
    },
  })
}

/** Starts listening. Throws `InputError` (`PortTaken`, `BadListenAddress`). */
export async function startListening(node: Libp2pNode, listen: readonly string[]): Promise<void> {
  try {
    await node.start()
  } catch (cause) {
    await node.stop()
    const found = cause instanceof Error ? cause.message : String(cause)
    throw found.includes('EADDRINUSE') ? portTaken(listen, cause) : badListenAddress(listen, found, cause)
  }
}

const portTaken = (listen: readonly string[], cause: unknown): InputError =>
  new InputError('PortTaken', 'Another program listens on this port.', {
    path: listen.join(', '),
    expected: 'a free port',
    found: 'one in use',
    fix: 'Stop the other program, or choose another port; 0 takes any that is free.',
    cause,
  })

const badListenAddress = (listen: readonly string[], found: string, cause: unknown): InputError =>
  new InputError('BadListenAddress', 'The node cannot listen on this address.', {
    path: listen.join(', '),
    expected: 'multiaddresses of this machine such as /ip4/0.0.0.0/tcp/4001 or /ip4/127.0.0.1/tcp/0/ws',
    found,
    fix: 'Use an address that this machine has.',
    cause,
  })
