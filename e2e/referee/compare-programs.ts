/**
 * Holds the contract's interpreter to TypeScript's over random programs: every opcode, operands that no operator gives
 * it. (The engine's tests hold WebAssembly to the same programs.)
 */
import type { Harness } from '@cairn/contracts/conformance'
import { bitsOf } from '@cairn/engine'
import {
  checkIntervals,
  evaluateElement,
  INPUT_LENGTH,
  type Opcode,
  randomInputs,
  randomProgram,
} from '@cairn/engine/arithmetic'
import type { Random } from '@cairn/engine/conformance'
import { judge, type OperandBytes } from './element-solidity.ts'

export interface ProgramComparison {
  readonly elements: number
  readonly opcodes: ReadonlySet<Opcode>
  readonly differences: readonly string[]
}

const LENGTH = 40
const SIDE = 3
const PLACES = Array.from({ length: SIDE * SIDE }, (_, n) => [Math.floor(n / SIDE), n % SIDE])

type Inputs = ReturnType<typeof randomInputs>

/** The inputs of a random program: two of f32 and one of i32. */
function operandsOf(inputs: Inputs): OperandBytes[] {
  const values = (input: number) => Array.from({ length: INPUT_LENGTH }, (_, i) => inputs.get(input, i) as number)
  const arrays = [new Float32Array(values(0)), new Float32Array(values(1)), new Int32Array(values(2))]
  return arrays.map((array, n) => ({ isFloat: n < 2, size: 4, bytes: new Uint8Array(array.buffer) }))
}

/** Compares nine elements of each of `count` random programs that are proven to stay within what floats can hold. */
export async function comparePrograms(harness: Harness, r: Random, count: number): Promise<ProgramComparison> {
  const opcodes = new Set<Opcode>()
  const differences: string[] = []
  let compared = 0
  while (compared < count) {
    const program = randomProgram(r, LENGTH)
    if (checkIntervals(program).length > 0) continue
    compared++
    for (const { opcode } of program.instructions) opcodes.add(opcode)
    const inputs = randomInputs(r)
    const judged = await judge(harness, program, operandsOf(inputs), PLACES)
    for (const [n, place] of PLACES.entries()) {
      const { value, diverged } = evaluateElement(program, inputs, place)
      const found = judged[n]!
      if (found.bits === bitsOf(value) && found.diverged === diverged) continue
      differences.push(`${place} of ${JSON.stringify(program)}: solidity ${found.bits}, typescript ${bitsOf(value)}`)
    }
  }
  return { elements: count * PLACES.length, opcodes, differences }
}
