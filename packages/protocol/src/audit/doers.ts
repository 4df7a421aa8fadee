/**
 * Who does a unit beside its worker under redundancy, and what of their work is compared. SPEC: docs/spec/audits.md
 * "Redundancy". Functions of what is on the chain, so that everybody can tell who was to do a unit.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import { lossRoot } from '../dispute/claims.ts'
import type { Account } from '../settlement/terms.ts'
import type { Commitment, Unit } from '../units.ts'
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

/** Who may have to do a unit, in the order of the draw. */
export interface DrawnDoer {
  readonly account: Account
  readonly owner: Account
}

/** Draws who may have to do a unit, whoever its worker will be. `wanted` doers are needed of them. */
export function drawDoers(
  hash: HashFunction,
  beacon: Beacon,
  { job, round, index }: UnitPlace,
  nodes: readonly StakedNode[],
  wanted: number,
): DrawnDoer[] {
  const label = ['doer', hashFromHex(job), round, index]
  const ownerOf = new Map(nodes.map(({ account, owner }) => [account, owner]))
  const drawn = drawOwners(hash, beacon, label, nodes, [], wanted + MOST_SUBSTITUTES + 1)
  return drawn.map(account => ({ account, owner: ownerOf.get(account) ?? account }))
}

/**
 * Orders a unit's doers and their substitutes. The worker's owner leaves only after the draw: were it excluded from it,
 * whoever leases units could choose among draws by choosing workers.
 */
export function orderDoers(drawn: readonly DrawnDoer[], workerOwner: string, wanted: number): DoerOrder {
  const others = drawn.filter(({ owner }) => owner !== workerOwner).map(({ account }) => account)
  const order = { doers: others.slice(0, wanted), substitutes: others.slice(wanted, wanted + MOST_SUBSTITUTES) }
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

/** Hashes what a commitment says that its unit leads to. */
export const committedResult = (hash: HashFunction, commitment: Commitment): HashHex => {
  const { unit, checkpointRoots, updateRoot, newReplicaRoot, lossBits } = commitment
  return resultRoot(hash, unit, [...checkpointRoots, updateRoot, newReplicaRoot, lossRoot(hash, 'unitLoss', lossBits)])
}
