/**
 * The proof that a verifier worked: it says which roots it computed, and for every step a hash of its own over loss and
 * norms, before the worker reveals them. SPEC: docs/spec/audits.md "Attestations". It stops copying without the
 * worker's help; what a worker and a verifier do together is priced in (`deterrence.ts`).
 * Not here: signatures, and who takes a disagreement to a game.
 */
import {
  encodeCanonical,
  equal,
  type Hash,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
  merkleLeafHash,
  merkleRootOfHashes,
} from '@cairn/primitives'
import type { Account } from '../settlement/terms.ts'
import type { Unit } from '../units.ts'
import { accountBytes } from './beacon.ts'
import type { Segment } from './segment.ts'

/** What a step of a unit left beside its state; of an evaluation's batch, the mean loss so far and no norms. */
export interface StepValues {
  /** Bits of an f32. */
  readonly lossBits: number
  /** Bits of the gradients' squared norms, tensor after tensor in the order of names. */
  readonly normBits: readonly number[]
}

/** What a commitment says of its steps. */
export interface StepCommitment {
  readonly saltHash: HashHex
  readonly stepsRoot: HashHex
}

export interface Attestation {
  readonly unit: Unit
  readonly segment: number
  readonly verifier: Account
  /** Hash of what the worker says it computed, as in its work. */
  readonly claim: HashHex
  /** Roots at the segment's end: the checkpoint; in the last segment, those of the closing update after it. */
  readonly ends: readonly HashHex[]
  /** One for each step of the segment: `attestedStep`. */
  readonly steps: readonly HashHex[]
}

/** What a worker opens once the attestations are in. */
export interface StepReveal {
  /** 32 bytes, never used for another unit. */
  readonly salt: Uint8Array
  /** Of the segment's steps. */
  readonly values: readonly StepValues[]
  /** Leaf hashes of all the unit's other steps, in order. */
  readonly others: readonly HashHex[]
}

/** Shorter ones could be guessed, and with them what the leaves hide. */
const SALT_BYTES = 32

/** Hashes a worker's salted leaf for a step of the unit, counted from 0. It is a leaf of the tree under `stepsRoot`. */
export const saltedStep = (hash: HashFunction, salt: Uint8Array, step: number, values: StepValues): Hash =>
  merkleLeafHash(hash, encodeCanonical(['cairn/step/v1', salt, step, values.lossBits, values.normBits]))

/** Computes what a commitment says of its steps, over all steps of the unit. */
export function commitSteps(hash: HashFunction, salt: Uint8Array, values: readonly StepValues[]): StepCommitment {
  const leaves = values.map((value, step) => saltedStep(hash, salt, step, value))
  return { saltHash: hashToHex(hash(salt)), stepsRoot: hashToHex(merkleRootOfHashes(hash, leaves)) }
}

/** Hashes a verifier's leaf for a step. Its account in it keeps it from serving anybody else. */
export const attestedStep = (hash: HashFunction, verifier: Account, step: number, values: StepValues): HashHex =>
  hashToHex(
    hash(encodeCanonical(['cairn/attested-step/v1', accountBytes(verifier), step, values.lossBits, values.normBits])),
  )

/** Hashes a verifier's leaves for the steps of a segment. */
export const attestSteps = (
  hash: HashFunction,
  verifier: Account,
  { firstStep }: Pick<Segment, 'firstStep'>,
  values: readonly StepValues[],
): HashHex[] => values.map((value, i) => attestedStep(hash, verifier, firstStep + i, value))

/** Encodes what a verifier signs. */
export const attestationStatement = ({ unit, segment, verifier, claim, ends, steps }: Attestation): Uint8Array =>
  encodeCanonical([
    'cairn/attestation/v1',
    [hashFromHex(unit.job), unit.round, unit.replica, unit.kind],
    segment,
    accountBytes(verifier),
    hashFromHex(claim),
    ends.map(hashFromHex),
    steps.map(hashFromHex),
  ])

/** Makes what opens the steps of a segment. */
export function revealSteps(
  hash: HashFunction,
  salt: Uint8Array,
  values: readonly StepValues[],
  segment: Segment,
): StepReveal {
  const isInside = (step: number) => step >= segment.firstStep && step < segment.firstStep + segment.steps
  const others = values.flatMap((value, step) =>
    isInside(step) ? [] : [hashToHex(saltedStep(hash, salt, step, value))],
  )
  return { salt, values: values.filter((_, step) => isInside(step)), others }
}

/** Tells whether a reveal opens what was committed. The counts come from the job, never from the worker. */
export function opensSteps(
  hash: HashFunction,
  { saltHash, stepsRoot }: StepCommitment,
  { firstStep, steps }: Segment,
  unitSteps: number,
  { salt, values, others }: StepReveal,
): boolean {
  if (salt.length !== SALT_BYTES || values.length !== steps || others.length !== unitSteps - steps) return false
  if (!equal(hash(salt), hashFromHex(saltHash))) return false
  const inside = values.map((value, i) => saltedStep(hash, salt, firstStep + i, value))
  const outside = others.map(hashFromHex)
  const leaves = [...outside.slice(0, firstStep), ...inside, ...outside.slice(firstStep)]
  return equal(merkleRootOfHashes(hash, leaves), hashFromHex(stepsRoot))
}
