/**
 * Who does a unit beside its worker under redundancy, and what of their work is compared. SPEC: docs/spec/audits.md
 * "Redundancy". Functions of what is on the chain, so that everybody can tell who was to do a unit.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import type { Unit } from '../units.ts'
import type { Beacon } from './beacon.ts'
import { drawOwners, type StakedNode } from './draw.ts'
import type { UnitPlace } from './record.ts'

export interface DoerOrder {
  readonly doers: readonly Account[]
  /** Who follows for a doer that is silent, in this order. */
  readonly substitutes: readonly Account[]
  /** What keeps the unit from being done as often as it should be. */
  readonly shortage?: string
}

/** Substitutes named in advance; more silence than that leaves the unit with fewer doers. */
const MOST_SUBSTITUTES = 4

/**
 * Draws a unit's doers and their substitutes. The worker's owner leaves only after the draw: were it excluded from it,
 * whoever leases units could choose among draws by choosing workers.
 */
export function orderDoers(
  hash: HashFunction,
  beacon: Beacon,
  { job, round, index }: UnitPlace,
  nodes: readonly StakedNode[],
  workerOwner: Account,
  wanted: number,
): DoerOrder {
  const label = ['doer', hashFromHex(job), round, index]
  const drawn = drawOwners(hash, beacon, label, nodes, [], wanted + MOST_SUBSTITUTES + 1)
  const ownerOf = new Map(nodes.map(({ account, owner }) => [account, owner]))
  const others = drawn.filter(account => ownerOf.get(account) !== workerOwner).slice(0, wanted + MOST_SUBSTITUTES)
  const order = { doers: others.slice(0, wanted), substitutes: others.slice(wanted) }
  if (order.doers.length === wanted) return order
  return {
    ...order,
    shortage: `it needs ${wanted} doers of different owners, none of them its worker's; the registry has ${order.doers.length}`,
  }
}

/**
 * Hashes what two nodes that did the same unit have in common: the ends of all its segments. Their claims differ, since
 * each commits to its steps with a salt of its own.
 */
export const resultRoot = (
  hash: HashFunction,
  { job, round, replica, kind }: Unit,
  ends: readonly HashHex[],
): HashHex =>
  hashToHex(hash(encodeCanonical(['cairn/result/v1', [hashFromHex(job), round, replica, kind], ends.map(hashFromHex)])))
