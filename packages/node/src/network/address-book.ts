/** Where peers said they can be reached. Bounded: the peer that was heard of least recently is forgotten first. */
import type { PeerAddress } from '@cairn/protocol'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import { peerIdOf } from './signing.ts'

export interface AddressBook {
  /** Replaces what is known of a peer; an entry without addresses changes nothing. */
  learn(address: PeerAddress): void
  /** Returns a peer's addresses, ready to dial. */
  find(peer: string): Multiaddr[]
}

const MAX_PEERS = 10_000

export function addressBook(): AddressBook {
  const book = new Map<string, readonly string[]>()
  return {
    learn({ peer, addresses }) {
      if (addresses.length === 0) return
      book.delete(peer)
      book.set(peer, addresses)
      const [oldest] = book.keys()
      if (book.size > MAX_PEERS && oldest !== undefined) book.delete(oldest)
    },
    find: peer => (book.get(peer) ?? []).flatMap(address => dialable(address, peer)),
  }
}

/** Names the peer in the address, so that whoever else answers there is refused. Addresses come from others: some are none. */
function dialable(address: string, peer: string): Multiaddr[] {
  try {
    const parsed = multiaddr(address)
    const id = peerIdOf(peer)
    if (id === undefined) return []
    const named = parsed.getComponents().some(({ name }) => name === 'p2p')
    return [named ? parsed : parsed.encapsulate(`/p2p/${id}`)]
  } catch {
    return []
  }
}
