/**
 * A job of letters: programs so small that whole games can be enumerated, with every kind of operator that a game tells
 * apart. A letter is a byte from 0 to 25; leaves hold three letters or two partial results.
 */
import {
  encodeCanonical,
  type HashFunction,
  type HashHex,
  hashFromHex,
  hashToHex,
  merkleLeafHash,
} from '@cairn/primitives'
import { rootOfHashes } from '../dispute/narrowing.ts'
import type { OperatorFacts } from '../dispute/referee.ts'

/**
 * `state` and `copy` have their letters from elsewhere; `mix` makes each letter of two; `fold` and `choose` come to each
 * letter in partial results. A letter from `limit` on leaves the domain; for `choose`, an index from `limit` on.
 */
export interface LetterOperator {
  readonly kind: 'state' | 'copy' | 'mix' | 'fold' | 'choose'
  /** Earlier operators. For `state`: none. */
  readonly inputs: readonly number[]
  readonly length: number
  /** Slot of the state before, for `state`. */
  readonly slot: number
  readonly limit: number
}

export interface LetterProgram {
  readonly operators: readonly LetterOperator[]
  /** Operator of every slot, for every target. The first target is the state that the next run begins from. */
  readonly targets: readonly (readonly number[])[]
}

export const LETTERS_PER_LEAF = 3
export const PARTIALS_PER_LEAF = 2
const LETTERS = 26

/** How many partial results each letter of an operator has. */
export const partialCount = ({ operators }: LetterProgram, { kind, inputs }: LetterOperator): number =>
  kind === 'fold' || kind === 'choose' ? (operators[inputs[0] as number] as LetterOperator).length : 0

export const letterFacts = (program: LetterProgram, operator: LetterOperator): OperatorFacts => ({
  leaves: Math.ceil(operator.length / LETTERS_PER_LEAF),
  elements: operator.length,
  perLeaf: LETTERS_PER_LEAF,
  elementBytes: 1,
  partials: partialCount(program, operator),
  partialsPerLeaf: PARTIALS_PER_LEAF,
  partialBytes: 1,
  isCopy: operator.kind === 'state' || operator.kind === 'copy',
})

/** One letter of a `mix`, of the letters it reads: one of each input, at places below. */
export const mixed = (a: number, b: number, at: number, step: number): number => (5 * a + 3 * b + at + step) % LETTERS
export const mixPlaces = ({ operators }: LetterProgram, { inputs }: LetterOperator, at: number): number[] =>
  inputs.map(input => at % (operators[input] as LetterOperator).length)

/** One partial result, of the one before and what it reads at its own place. */
export function partialOf({ kind }: LetterOperator, element: number, before: number, read: readonly number[]): number {
  const [a = 0, b = 0] = read
  if (kind === 'fold') return (3 * before + a + element) % LETTERS
  return b === element % LETTERS ? (before + a) % LETTERS : before
}

/** Cuts letters into leaves. */
export function leavesOf(letters: Uint8Array, perLeaf: number): Uint8Array[] {
  const count = Math.ceil(letters.length / perLeaf)
  return Array.from({ length: count }, (_, i) => letters.subarray(i * perLeaf, (i + 1) * perLeaf))
}

export const hashesOf = (hash: HashFunction, leaves: readonly Uint8Array[]): HashHex[] =>
  leaves.map(leaf => hashToHex(merkleLeafHash(hash, leaf)))

export const lettersRoot = (hash: HashFunction, letters: Uint8Array): HashHex =>
  rootOfHashes(hash, hashesOf(hash, leavesOf(letters, LETTERS_PER_LEAF)))

/** A state's leaf: its slot's number and root. */
export const slotLeaf = (slot: number, root: HashHex): Uint8Array => Uint8Array.of(slot, ...hashFromHex(root))

/** Leaves under a program's root: operators, then the slots of every target. */
export const programLeavesOf = ({ operators, targets }: LetterProgram): Uint8Array[] => [
  ...operators.map(operator => encodeCanonical({ ...operator })),
  ...targets.flatMap(slots => slots.map((operator, slot) => encodeCanonical([slot, operator]))),
]
