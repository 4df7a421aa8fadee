/** Standard units of toy nodes: as much work as somebody does in half a second that does a thousand operations in one. */
import { type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import type { CoordinatorEvent } from '../roles/coordinator.ts'
import type { Peer } from '../roles/events.ts'

const OPERATIONS = 500n

export const standardRoot = (seed: number): HashHex =>
  hashToHex(sha256(new TextEncoder().encode(`standard unit ${seed}`)))

export const measuredEvent = (peer: Peer, seed: number): CoordinatorEvent => ({
  ...{ event: 'measured', peer, seed },
  root: standardRoot(seed),
})

export const standardEvent = (peer: Peer, seed: number, operations = OPERATIONS): CoordinatorEvent => ({
  ...{ event: 'standard', peer, seed, operations },
  root: standardRoot(seed),
})
