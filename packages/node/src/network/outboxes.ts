/** What waits for each peer. Those that nothing waits for are forgotten when there are many. */
import type { Stream } from '@libp2p/interface'

export interface Outbox {
  readonly queue: Uint8Array[]
  queuedBytes: number
  isPumping: boolean
  stream: Stream | undefined
  unreachableUntilMs: number
}

export interface OutboxBook {
  find(peer: string): Outbox | undefined
  /** Returns a peer's outbox, a new one if need be. */
  of(peer: string): Outbox
}

const MANY = 2_000

export function outboxBook(): OutboxBook {
  const outboxes = new Map<string, Outbox>()

  function make(peer: string): Outbox {
    if (outboxes.size >= MANY) for (const [idle, { isPumping }] of outboxes) if (!isPumping) outboxes.delete(idle)
    const made = { queue: [], queuedBytes: 0, isPumping: false, stream: undefined, unreachableUntilMs: 0 }
    outboxes.set(peer, made)
    return made
  }

  return { find: peer => outboxes.get(peer), of: peer => outboxes.get(peer) ?? make(peer) }
}
