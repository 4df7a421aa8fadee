/**
 * Connections and streams by peer, with errors as values: a peer that is away, slow or hostile is nobody's exception.
 */
import type { PeerAddress } from '@cairn/protocol'
import type { Connection, Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { addressBook } from './address-book.ts'
import type { Libp2pNode } from './libp2p-node.ts'
import type { NetworkLimits } from './limits.ts'
import { peerIdOf, peerOf } from './signing.ts'

export interface Connections {
  /** Remembers where a peer can be reached. */
  learn(address: PeerAddress): void
  /** Dials a multiaddress; returns who answered. */
  dial(address: string): Promise<string | undefined>
  connected(): string[]
  /** Opens a stream to a peer, dialling it if need be; undefined when it cannot be reached in time. */
  openStream(peer: string, protocol: string, signal?: AbortSignal): Promise<Stream | undefined>
  /** Registers who handles the streams that peers open. */
  handle(protocol: string, handler: (stream: Stream, from: string) => void, maxInboundStreams: number): Promise<void>
  /** Calls back when the last connection to a peer has ended. Returns what stops that. */
  onDisconnect(callback: (peer: string) => void): () => void
  onConnect(callback: (peer: string) => void): () => void
}

/** Streams of one protocol that this node opens on one connection. */
const MAX_OUTBOUND_STREAMS = 32

export function connectionsOf(node: Libp2pNode, limits: NetworkLimits): Connections {
  const book = addressBook()

  async function connectionTo(peer: string, signal: AbortSignal): Promise<Connection | undefined> {
    const id = peerIdOf(peer)
    if (id === undefined || id.equals(node.peerId)) return undefined
    const open = node.getConnections(id).find(({ status }) => status === 'open')
    if (open !== undefined) return open
    const addresses = book.find(peer)
    return node.dial(addresses.length > 0 ? addresses : id, { signal })
  }

  /** Ends with the connection: libp2p itself would wait for the signal. */
  async function newStream(connection: Connection, protocol: string, signal: AbortSignal): Promise<Stream> {
    const closing = new AbortController()
    const onClose = (): void => closing.abort()
    connection.addEventListener('close', onClose, { once: true })
    try {
      const either = AbortSignal.any([signal, closing.signal])
      return await connection.newStream(protocol, { signal: either, maxOutboundStreams: MAX_OUTBOUND_STREAMS })
    } finally {
      connection.removeEventListener('close', onClose)
    }
  }

  const listenFor = (event: 'peer:connect' | 'peer:disconnect', callback: (peer: string) => void) => {
    const listener = ({ detail }: { detail: Parameters<typeof peerOf>[0] }) => {
      const peer = peerOf(detail)
      if (peer !== undefined) callback(peer)
    }
    node.addEventListener(event, listener)
    return () => node.removeEventListener(event, listener)
  }

  return {
    learn: address => book.learn(address),
    async dial(address) {
      try {
        const signal = AbortSignal.timeout(limits.dialTimeoutMs)
        return peerOf((await node.dial(multiaddr(address), { signal })).remotePeer)
      } catch {
        return undefined
      }
    },
    connected: () => node.getPeers().flatMap(id => peerOf(id) ?? []),
    async openStream(peer, protocol, signal) {
      const timeout = AbortSignal.timeout(limits.dialTimeoutMs + limits.openTimeoutMs)
      const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal])
      try {
        const connection = await connectionTo(peer, either)
        return connection && (await newStream(connection, protocol, either))
      } catch {
        return undefined
      }
    },
    async handle(protocol, handler, maxInboundStreams) {
      const onStream = (stream: Stream, { remotePeer }: Connection): void => {
        const from = peerOf(remotePeer)
        if (from === undefined) stream.abort(new Error('peers have Ed25519 keys'))
        else handler(stream, from)
      }
      await node.handle(protocol, onStream, { maxInboundStreams, maxOutboundStreams: MAX_OUTBOUND_STREAMS })
    },
    onConnect: callback => listenFor('peer:connect', callback),
    onDisconnect: callback => listenFor('peer:disconnect', callback),
  }
}
