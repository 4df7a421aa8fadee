/** Elements of a map operator by the contract: its code, and an opening for every leaf that is read. */
import type { Harness } from '@cairn/contracts/conformance'
import { type ElementProgram, encodeElementProgram, floatOfBits } from '@cairn/engine'
import { evaluateElement } from '@cairn/engine/arithmetic'

/** An input of the operator. */
export interface OperandBytes {
  readonly isFloat: boolean
  /** Bytes of an element: 1, 2 or 4, little-endian. */
  readonly size: number
  readonly bytes: Uint8Array
}

export interface ElementOutcome {
  readonly bits: number
  readonly diverged: boolean
}

export interface JudgedElement extends ElementOutcome {
  readonly gas: number
}

/** What a contract can be shown of a tensor. */
export interface Opening {
  readonly operand: number
  readonly leaf: number
}

const LEAF_BYTES = 4096
const hex = (bytes: Uint8Array): `0x${string}` => `0x${Buffer.from(bytes).toString('hex')}`

/** Returns the value at an index, undefined out of range. */
export function elementOf({ bytes, size, isFloat }: OperandBytes, index: number): number | undefined {
  if (index < 0 || index >= bytes.length / size) return undefined
  const word = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUIntLE(index * size, size)
  return isFloat ? floatOfBits(word) : word | 0
}

/** Lists the leaves that an element's program reads, each once. */
function openingsOf(
  program: ElementProgram,
  operands: readonly OperandBytes[],
  coordinates: readonly (readonly number[])[],
): Opening[] {
  const found = new Map<string, Opening>()
  const get = (operand: number, index: number) => {
    const value = elementOf(operands[operand] as OperandBytes, index)
    const leaf = Math.floor((index * (operands[operand] as OperandBytes).size) / LEAF_BYTES)
    if (value !== undefined) found.set(`${operand}/${leaf}`, { operand, leaf })
    return value
  }
  for (const own of coordinates) evaluateElement(program, { get }, own)
  return [...found.values()]
}

/** Computes elements of one operator with the given openings. Throws viem's error when the contract refuses. */
export async function judgeWith(
  harness: Harness,
  code: Uint8Array,
  operands: readonly OperandBytes[],
  openings: readonly Opening[],
  coordinates: readonly (readonly number[])[],
): Promise<JudgedElement[]> {
  const outcomes = await harness.call<{ value: bigint; diverged: boolean; gas: bigint }[]>(
    'evaluate',
    hex(code),
    operands.map(({ bytes, size }) => ({ count: BigInt(bytes.length / size), size: BigInt(size) })),
    openings.map(({ operand, leaf }) => ({
      operand: BigInt(operand),
      leaf: BigInt(leaf),
      content: hex((operands[operand] as OperandBytes).bytes.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES)),
    })),
    coordinates.map(own => own.map(BigInt)),
  )
  return outcomes.map(({ value, diverged, gas }) => ({ bits: Number(value), diverged, gas: Number(gas) }))
}

/** Computes elements of one operator with every opening that they need. */
export const judge = (
  harness: Harness,
  program: ElementProgram,
  operands: readonly OperandBytes[],
  coordinates: readonly (readonly number[])[],
): Promise<JudgedElement[]> =>
  judgeWith(harness, encodeElementProgram(program), operands, openingsOf(program, operands, coordinates), coordinates)
