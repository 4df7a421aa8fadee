/** What a dishonest node does otherwise beside computing, kind by kind: what it hears, what it says, what it asks of the chain. */
import type { NodeParts } from '@cairn/node/parts'
import type { Message } from '@cairn/protocol'
import { readsLease, signsTwice } from './dishonest-commits.ts'
import { anchorsAgain, paysItself } from './dishonest-coordinator.ts'
import { asksNobody, holdsNothing } from './dishonest-custody.ts'
import type { DishonestOrder, NodeRole } from './dishonest-order.ts'
import { attestsUnseen } from './dishonest-verifier.ts'

/** `directory`: the node's. */
type Order = DishonestOrder & { readonly directory: string }

export interface DishonestParts {
  readonly alters?: (parts: NodeParts, order: Order) => NodeParts
  /** Tells whether the role hears a message. */
  readonly hears?: (message: Message, parts: NodeParts, order: Order) => boolean
}

const PARTS: Readonly<Record<string, Partial<Record<NodeRole, DishonestParts>>>> = {
  equivocator: { worker: { alters: signsTwice, hears: readsLease } },
  'refuses-custody': { worker: { alters: asksNobody, hears: holdsNothing } },
  'lazy-verifier': { verifier: { hears: attestsUnseen } },
  'has-a-verifier': { verifier: { hears: attestsUnseen } },
  'coordinator-pays-itself': { coordinator: { alters: paysItself } },
  're-rolls-the-beacon': { coordinator: { alters: anchorsAgain } },
}

/** Finds what a node does otherwise. */
export const partsOf = ({ kind, role }: DishonestOrder): DishonestParts => PARTS[kind]?.[role] ?? {}
