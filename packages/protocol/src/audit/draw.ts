/**
 * Drawing from a beacon, with integers only: a number below a bound, and accounts of different owners by their stake.
 * SPEC: docs/spec/audits.md "Draws". Every draw has a label of its own, so that no draw shifts another.
 */
import { encodeCanonical, type HashFunction, hashFromHex, InternalError } from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import type { Beacon } from './beacon.ts'

/** What a draw is for: text and integers. */
export type DrawLabel = readonly (string | number | Uint8Array)[]

export interface StakedNode {
  readonly account: Account
  readonly owner: Account
  /** At the anchor's block, which comes before the beacon: nobody moves stake to where it is drawn. */
  readonly stake: bigint
}

const WORD_BITS = 256n

/**
 * Draws from 0 to bound - 1: floor(word * bound / 2^256), the word being the hash of beacon and label. No value is
 * likelier than another by more than bound / 2^256.
 */
export function drawBelow(hash: HashFunction, beacon: Beacon, label: DrawLabel, bound: bigint): bigint {
  const word = hash(encodeCanonical(['cairn/draw/v1', hashFromHex(beacon), ...label]))
  return (word.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) * bound) >> WORD_BITS
}

/**
 * Draws up to `count` candidates, one after another, each with a chance in proportion to its stake among those that are
 * left; with a candidate, all others of its owner leave. So the chance to be drawn is bought by stake alone, not by
 * accounts: the share of stake that colludes is the share of draws that do.
 */
export function drawOwners(
  hash: HashFunction,
  beacon: Beacon,
  label: DrawLabel,
  candidates: readonly StakedNode[],
  excludedOwners: readonly Account[],
  count: number,
): Account[] {
  let pool = candidates
    .filter(({ owner, stake }) => stake > 0n && !excludedOwners.includes(owner))
    .sort((a, b) => (a.account < b.account ? -1 : 1))
  const drawn: Account[] = []
  while (drawn.length < count && pool.length > 0) {
    const total = pool.reduce((sum, { stake }) => sum + stake, 0n)
    const { account, owner } = holderOf(pool, drawBelow(hash, beacon, [...label, drawn.length], total))
    drawn.push(account)
    pool = pool.filter(candidate => candidate.owner !== owner)
  }
  return drawn
}

/** The candidate in whose stake a place falls, the stakes laid end to end in the order of accounts. */
function holderOf(pool: readonly StakedNode[], place: bigint): StakedNode {
  let start = 0n
  for (const node of pool) {
    if (place < start + node.stake) return node
    start += node.stake
  }
  throw new InternalError('DrawOutside', 'A draw fell outside the stakes that it was drawn from.', {
    expected: `below ${start}`,
    found: String(place),
  })
}
