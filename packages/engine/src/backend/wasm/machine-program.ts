/**
 * The instructions of a map kernel: those of the scalar language with `canon` and `flush` taken apart, so that their
 * pieces are shared, hoisted out of loops, or left out where facts prove them idle. No rule here changes a bit.
 */
import { CANON_HIGH_BITS, CANON_LOW_BITS } from '../../scalar/evaluate.ts'
import { bitsOf, floatOfBits, type Opcode } from '../../scalar/program.ts'
import type { MachineInstruction, MachineOpcode } from './machine-instruction.ts'
import { computed, type Facts, factsOf, zero } from './value-facts.ts'

export interface MachineBuilder {
  readonly instructions: readonly MachineInstruction[]
  /** Appends what computes an instruction and returns the index of its value; equal instructions appear once. */
  emit(opcode: Opcode | 'canon', operands: readonly number[], immediates: readonly number[]): number
}

/** 1.5 * 2^23: added to |x| <= 2^22 it rounds x to an integer, ties to even, in the low bits of the sum. */
const ROUNDER = 1.5 * 2 ** 23
const ROUNDABLE = 2 ** 22

const SIGN = -(2 ** 31)
const isAllOnes = (mask: number) => (mask & (mask + 1)) === 0
const isBelowLimit = ({ low, high }: Facts) => Math.max(-low, high) < floatOfBits(CANON_HIGH_BITS)

type Rule = (operands: readonly number[], immediates: readonly number[]) => number
type One = readonly [number]
type Two = readonly [number, number]
type Three = readonly [number, number, number]

/** Starts an empty program. `computedReads` tells which tensors an operator computed, so that they are canonical. */
export function machineBuilder(computedReads: (read: number) => boolean): MachineBuilder {
  const instructions: MachineInstruction[] = []
  const facts: Facts[] = []
  const known = new Map<string, number>()
  /** What a canon or flush was applied to and at which magnitude, by its result. */
  const kept = new Map<number, { readonly x: number; readonly bits: number }>()
  /** The sum with ROUNDER that holds a rounded integer, by the integer. */
  const sumOf = new Map<number, number>()

  const append = (opcode: MachineOpcode, operands: readonly number[], immediates: readonly number[] = []) => {
    const key = `${opcode}|${operands.join()}|${immediates.join()}`
    const existing = known.get(key)
    if (existing !== undefined) return existing
    const instruction = { opcode, operands, immediates }
    const isComputed = (opcode === 'loadF32' || opcode === 'gatherF32') && computedReads(immediates[0] as number)
    facts.push(
      isComputed
        ? computed
        : factsOf(
            instruction,
            operands.map(o => facts[o] as Facts),
          ),
    )
    known.set(key, instructions.length)
    return instructions.push(instruction) - 1
  }
  const fact = (index: number) => facts[index] as Facts
  const i32 = (value: number) => append('constantI32', [], [value])
  const rounder = () => append('constantF32', [], [bitsOf(ROUNDER)])
  const magnitude = (x: number) =>
    fact(x).positive ? append('bitsOfF32', [x]) : append('magnitude', [x, i32(0x7fffffff)])

  /** x where its magnitude is at least `bits`, else +0; a keep at a lower magnitude before it changes nothing. */
  const keepFrom = (operand: number, bits: number) => {
    const before = kept.get(operand)
    const x = before !== undefined && before.bits <= bits ? before.x : operand
    const { low, high } = fact(x)
    if (low >= floatOfBits(bits) || high <= -floatOfBits(bits)) return x
    const index = append('keepF32', [append('lessI32', [i32(bits - 1), magnitude(x)]), x])
    kept.set(index, { x, bits })
    facts[index] = { ...fact(index), positive: low >= 0, canonical: bits >= CANON_LOW_BITS && isBelowLimit(fact(x)) }
    return index
  }
  const choose =
    (opcode: 'minF32' | 'maxF32' | 'minI32' | 'maxI32', isFirst: (a: Facts, b: Facts) => boolean): Rule =>
    operands => {
      const [a, b] = operands as Two
      return isFirst(fact(a), fact(b)) ? a : append(opcode, operands)
    }
  const select =
    (opcode: 'selectF32' | 'selectI32'): Rule =>
    operands => {
      const [condition, a, b] = operands as Three
      if (isNever(condition)) return b
      if (opcode === 'selectF32' && fact(b) === zero) return append('keepF32', [condition, a])
      if (opcode === 'selectF32' && fact(a) === zero) return append('dropF32', [condition, b])
      return append(opcode, operands)
    }
  /** Whether a condition compares integers that cannot be equal. */
  const isNever = (condition: number) => {
    const { opcode, operands } = instructions[condition] as MachineInstruction
    const [a, b] = operands.map(fact) as [Facts, Facts]
    return opcode === 'equalI32' && (a.high < b.low || b.high < a.low)
  }

  const rules: { readonly [O in Opcode | 'canon']?: Rule } = {
    canon(operands) {
      const [x] = operands as One
      if (fact(x).canonical) return x
      if (!isBelowLimit(fact(x))) append('watch', [magnitude(x)])
      return keepFrom(x, CANON_LOW_BITS)
    },
    flush: ([x], [t]) => keepFrom(x as number, bitsOf(2 ** (t as number))),
    minF32: choose('minF32', (a, b) => a.high <= b.low),
    maxF32: choose('maxF32', (a, b) => a.low >= b.high),
    minI32: choose('minI32', (a, b) => a.high <= b.low),
    maxI32: choose('maxI32', (a, b) => a.low >= b.high),
    selectF32: select('selectF32'),
    selectI32: select('selectI32'),
    andI32(operands) {
      const [a, mask] = operands as Two
      const { low, high } = fact(a)
      const bits = fact(mask).low
      if (fact(mask).high !== bits || low < 0) return append('andI32', operands)
      if (bits === SIGN) return i32(0)
      return high <= bits && isAllOnes(bits) ? a : append('andI32', operands)
    },
    orI32(operands) {
      const [a, b] = operands as Two
      return fact(b).low === 0 && fact(b).high === 0 ? a : append('orI32', operands)
    },
    i32OfF32(operands) {
      const [x] = operands as One
      if (Math.max(-fact(x).low, fact(x).high) > ROUNDABLE) return append('i32OfF32', operands)
      const sum = append('addF32', [x, rounder()])
      const integer = append('subI32', [append('bitsOfF32', [sum]), i32(bitsOf(ROUNDER))])
      sumOf.set(integer, sum)
      return integer
    },
    f32OfI32(operands) {
      const sum = sumOf.get(operands[0] as number)
      return sum === undefined ? append('f32OfI32', operands) : append('subF32', [sum, rounder()])
    },
  }
  return {
    instructions,
    emit: (opcode, operands, immediates) =>
      rules[opcode]?.(operands, immediates) ?? append(opcode as MachineOpcode, operands, immediates),
  }
}
