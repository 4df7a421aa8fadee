/**
 * Who does what: the interface that a richer scheduler will fill, and a simple one. A scheduler sees open units and idle
 * nodes that may do them; it never sees tensors and decides nothing about results. SPEC: protocol.md section 6.
 */
import type { Unit } from '../units.ts'
import type { Peer } from './events.ts'

/** An open unit, and the idle nodes that may have it. */
export interface Candidate {
  readonly unit: Unit
  readonly nodes: readonly Peer[]
  /** Nodes that hold the replica's state already. */
  readonly keepers: readonly Peer[]
}

interface Assignment {
  readonly unit: Unit
  readonly node: Peer
}

/** `candidates` of one job come in the order in which they should be done; `speedOf` is in operations per second. */
export type Scheduler = (candidates: readonly Candidate[], speedOf: (peer: Peer) => number) => Assignment[]

/**
 * The most urgent kind of unit first. Of that, every replica to the node that worked on it last, then to one that keeps
 * its state, then to the fastest.
 */
export const simpleScheduler: Scheduler = (candidates, speedOf) => {
  const taken = new Set<Peer>()
  const assigned = new Map<Unit, Peer>()
  const give = (unit: Unit, node: Peer | undefined) => {
    if (node === undefined || assigned.has(unit)) return
    taken.add(node)
    assigned.set(unit, node)
  }
  const free = (nodes: readonly Peer[]) => nodes.filter(node => !taken.has(node))
  for (const group of Map.groupBy(candidates, ({ unit }) => `${unit.kind} ${unit.round}`).values()) {
    for (const { unit, nodes, keepers } of group) give(unit, free(nodes.filter(node => node === keepers[0]))[0])
    for (const { unit, nodes, keepers } of group) give(unit, free(keepers.filter(node => nodes.includes(node)))[0])
    for (const { unit, nodes } of group) give(unit, free(nodes).reduce<Peer | undefined>(fasterBy(speedOf), undefined))
  }
  return candidates.flatMap(({ unit }) => {
    const node = assigned.get(unit)
    return node === undefined ? [] : [{ unit, node }]
  })
}

const fasterBy =
  (speedOf: (peer: Peer) => number) =>
  (best: Peer | undefined, node: Peer): Peer =>
    best === undefined || speedOf(node) > speedOf(best) ? node : best
