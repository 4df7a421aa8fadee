/**
 * The scalar language of element programs (numerics cn1, "Scalar language").
 *
 * An element program is a straight line of instructions in SSA form: instruction n may only use results of earlier
 * ones. It computes one element of one operator's output and is the single definition from which every backend, and
 * later the contract, derives its kernel. There are no loops and no branches here; selection is by value.
 */

type ScalarType = 'f32' | 'i32' | 'bool'

interface OpcodeRow {
  readonly operands: readonly ScalarType[]
  readonly result: ScalarType
  /** Whether the instruction carries immediates; what they mean stands beside the row. */
  readonly immediates?: true
}

/** Every instruction of the language. The order is the wire code: append only. */
export const opcodes = {
  constantF32: { operands: [], result: 'f32', immediates: true }, // [bits]
  constantI32: { operands: [], result: 'i32', immediates: true }, // [value]
  coordinate: { operands: [], result: 'i32', immediates: true }, // [axis]: the element's index along an output axis
  loadF32: { operands: [], result: 'f32', immediates: true }, // [input, offset, stride per output axis ...]
  loadI32: { operands: [], result: 'i32', immediates: true }, // the same, from an i32 tensor
  gatherF32: { operands: ['i32'], result: 'f32', immediates: true }, // [input]: out of range raises `diverged`
  addF32: { operands: ['f32', 'f32'], result: 'f32' },
  subF32: { operands: ['f32', 'f32'], result: 'f32' },
  mulF32: { operands: ['f32', 'f32'], result: 'f32' },
  minF32: { operands: ['f32', 'f32'], result: 'f32' }, // b < a ? b : a
  maxF32: { operands: ['f32', 'f32'], result: 'f32' }, // a < b ? b : a
  flush: { operands: ['f32'], result: 'f32', immediates: true }, // [t]: |x| < 2^t becomes +0
  lessF32: { operands: ['f32', 'f32'], result: 'bool' },
  lessI32: { operands: ['i32', 'i32'], result: 'bool' },
  lessU32: { operands: ['i32', 'i32'], result: 'bool' },
  equalI32: { operands: ['i32', 'i32'], result: 'bool' },
  selectF32: { operands: ['bool', 'f32', 'f32'], result: 'f32' },
  selectI32: { operands: ['bool', 'i32', 'i32'], result: 'i32' },
  addI32: { operands: ['i32', 'i32'], result: 'i32' },
  subI32: { operands: ['i32', 'i32'], result: 'i32' },
  mulI32: { operands: ['i32', 'i32'], result: 'i32' },
  mulHighU32: { operands: ['i32', 'i32'], result: 'i32' },
  andI32: { operands: ['i32', 'i32'], result: 'i32' },
  orI32: { operands: ['i32', 'i32'], result: 'i32' },
  xorI32: { operands: ['i32', 'i32'], result: 'i32' },
  minI32: { operands: ['i32', 'i32'], result: 'i32' },
  maxI32: { operands: ['i32', 'i32'], result: 'i32' },
  shiftLeft: { operands: ['i32'], result: 'i32', immediates: true }, // [count]
  shiftRight: { operands: ['i32'], result: 'i32', immediates: true }, // [count], arithmetic
  shiftRightU: { operands: ['i32'], result: 'i32', immediates: true }, // [count], logical
  bitsOfF32: { operands: ['f32'], result: 'i32' },
  f32OfBits: { operands: ['i32'], result: 'f32' },
  f32OfI32: { operands: ['i32'], result: 'f32' }, // round to nearest even
  i32OfF32: { operands: ['f32'], result: 'i32' }, // round to nearest even; |x| < 2^31 is the program's duty
  gatherI32: { operands: ['i32'], result: 'i32', immediates: true }, // as gatherF32, from an i32 tensor
} as const satisfies Record<string, OpcodeRow>

export type Opcode = keyof typeof opcodes

export interface Instruction {
  readonly opcode: Opcode
  /** Indices of earlier instructions. */
  readonly operands: readonly number[]
  readonly immediates: readonly number[]
}

/** A whole element program. The result is canonicalised (`canon`, N0) by whoever runs it. */
export interface ElementProgram {
  readonly instructions: readonly Instruction[]
  /** Index of the instruction whose f32 value is the element. */
  readonly result: number
}

declare const scalarType: unique symbol
/** The result of an instruction under construction, typed so that a wrong operand fails to compile. */
type Scalar<T extends ScalarType> = number & { readonly [scalarType]: T }
export type F32 = Scalar<'f32'>
export type I32 = Scalar<'i32'>
export type Bool = Scalar<'bool'>

export interface ProgramBuilder {
  emit<T extends ScalarType>(opcode: Opcode, operands: readonly number[], immediates?: readonly number[]): Scalar<T>
  finish(result: F32): ElementProgram
}

/** Collects instructions; an instruction that was already emitted is reused, so equal work appears once. */
export function programBuilder(): ProgramBuilder {
  const instructions: Instruction[] = []
  const known = new Map<string, number>()
  return {
    emit<T extends ScalarType>(opcode: Opcode, operands: readonly number[], immediates: readonly number[] = []) {
      const key = `${opcode}|${operands.join()}|${immediates.join()}`
      let index = known.get(key)
      if (index === undefined) {
        index = instructions.push({ opcode, operands, immediates }) - 1
        known.set(key, index)
      }
      return index as Scalar<T>
    },
    finish: result => Object.freeze({ instructions: Object.freeze(instructions), result }),
  }
}

const conversion = new DataView(new ArrayBuffer(4))

/** Returns the f32 bit pattern (u32) of a value rounded once to f32. */
export function bitsOf(value: number): number {
  conversion.setFloat32(0, value)
  return conversion.getUint32(0)
}

/** Returns the value of an f32 bit pattern. */
export function floatOfBits(bits: number): number {
  conversion.setUint32(0, bits)
  return conversion.getFloat32(0)
}
