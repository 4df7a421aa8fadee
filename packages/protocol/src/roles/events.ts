/**
 * What roles are told and what they ask for. A role is `tick(state, event, nowMs, seed)`: new state and effects, no I/O.
 * Hosts (node, simulator, tests) check signatures and schemas before a message becomes an event, and perform effects.
 * SPEC: protocol.md section 6; docs/decisions/0004-network.md "Messages".
 */
import type { HashHex } from '@cairn/primitives'
import type { MessageBodies, PeerAddress } from '../messages.ts'
import type { JobId } from '../units.ts'

/** A node's Ed25519 public key, 64 lower-case hex digits. */
export type Peer = string

/** The first flagged operator of a graph, and the inner step it was in. */
export interface Divergence {
  readonly graph: string
  readonly operator: string
  readonly step?: number
}

/** A message to one node. */
export type SendEffect = {
  readonly [Kind in keyof MessageBodies]: {
    readonly effect: 'send'
    readonly to: Peer
    readonly job?: JobId
    readonly kind: Kind
    readonly body: MessageBodies[Kind]
  }
}[keyof MessageBodies]

/** Something that a person may ask about later: `cairn why`. */
export interface ReasonEffect {
  readonly effect: 'reason'
  readonly job?: JobId
  readonly round?: number
  readonly replica?: number
  readonly node?: Peer
  readonly text: string
}

/** Where a blob can be fetched. */
export interface Source {
  readonly root: HashHex
  readonly peers: readonly PeerAddress[]
}

export interface Ticked<State, Effect> {
  readonly state: State
  readonly effects: readonly Effect[]
}
