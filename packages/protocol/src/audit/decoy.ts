/**
 * Planted faults: audit requests whose claimed roots are made up, to find verifiers that confirm without computing. SPEC:
 * docs/spec/audits.md "Planted faults". Only requests hold them, never the state that training goes on from. They follow
 * from the beacon and a secret of whoever asks; once that is shown, anybody sees that they were planted.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import { accountBytes, type Beacon } from './beacon.ts'
import { drawBelow } from './draw.ts'
import type { UnitPlace } from './record.ts'

/** Requests with planted roots, in parts per million: by default one in twenty. */
export const DECOY_RATE = 50_000

export interface AuditRequest extends UnitPlace {
  readonly beacon: Beacon
  readonly segment: number
  readonly verifier: Account
}

const MILLION = 1_000_000n

/**
 * Returns the roots to claim in a request, in place of the `ends` true ones; undefined where the request says the truth.
 * The secret is 32 bytes, for the audits of one round only: who has seen it knows all requests that it planted.
 */
export function plantedEnds(
  hash: HashFunction,
  secret: Uint8Array,
  request: AuditRequest,
  ends: number,
  rate = DECOY_RATE,
): readonly HashHex[] | undefined {
  const isPlanted = drawBelow(hash, request.beacon, ['decoy', ...placeOf(request), secret], MILLION) < BigInt(rate)
  return isPlanted ? Array.from({ length: ends }, (_, end) => plantedRoot(hash, secret, request, end)) : undefined
}

/**
 * Tells whether roots that a verifier confirmed were planted by whoever had this secret. No honest root is: it would
 * have to be a hash of the secret.
 */
export const werePlanted = (
  hash: HashFunction,
  secret: Uint8Array,
  request: AuditRequest,
  ends: readonly HashHex[],
): boolean => ends.length > 0 && ends.every((root, end) => root === plantedRoot(hash, secret, request, end))

const plantedRoot = (hash: HashFunction, secret: Uint8Array, request: AuditRequest, end: number): HashHex =>
  hashToHex(hash(encodeCanonical(['cairn/decoy/v1', hashFromHex(request.beacon), secret, ...placeOf(request), end])))

const placeOf = ({ job, round, index, segment, verifier }: AuditRequest): (Uint8Array | number)[] => [
  hashFromHex(job),
  round,
  index,
  segment,
  accountBytes(verifier),
]
