/** Who was heard of lately, and where it can be dialled: whoever may have a job's blobs. */
import { DEFAULT_SETTINGS, type Message, type PeerAddress } from '@cairn/protocol'

export interface LivePeers {
  /** Takes what nodes say of themselves; other messages say nothing here. */
  hear(message: Message): void
  /** Those that may have blobs; the ones that are named come first. */
  list(first?: readonly string[]): PeerAddress[]
}

export function livePeers(): LivePeers {
  const heard = new Map<string, { readonly address: PeerAddress; readonly seenMs: number }>()
  return {
    hear({ kind, sender, body }) {
      if (kind !== 'presence') return
      heard.delete(sender)
      if (body.leaving || body.role === 'coordinator') return
      heard.set(sender, { address: { peer: sender, addresses: body.addresses }, seenMs: Date.now() })
    },
    list(first = []) {
      const place = (peer: string) => first.indexOf(peer) + 1 || first.length + 1
      return [...heard.values()]
        .filter(({ seenMs }) => Date.now() - seenMs <= DEFAULT_SETTINGS.lostAfterMs)
        .map(({ address }) => address)
        .sort((a, b) => place(a.peer) - place(b.peer))
    },
  }
}
