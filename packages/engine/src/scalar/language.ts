/**
 * Readable names for the instructions, one short function each, so that an operator's program reads like the formula.
 * Every function appends to the builder it is given and returns the new value.
 */
import { type Bool, bitsOf, type F32, type I32, type ProgramBuilder } from './program.ts'

/** The instructions as functions over one builder. */
export type Language = ReturnType<typeof language>

export function language(builder: ProgramBuilder) {
  const f32 =
    (opcode: 'addF32' | 'subF32' | 'mulF32' | 'minF32' | 'maxF32') =>
    (a: F32, b: F32): F32 =>
      builder.emit(opcode, [a, b])
  type IntegerOpcode =
    | 'addI32'
    | 'subI32'
    | 'mulI32'
    | 'mulHighU32'
    | 'andI32'
    | 'orI32'
    | 'xorI32'
    | 'minI32'
    | 'maxI32'
  const i32 =
    (opcode: IntegerOpcode) =>
    (a: I32, b: I32): I32 =>
      builder.emit(opcode, [a, b])
  return {
    /** A constant, rounded once to f32. */
    f32: (value: number): F32 => builder.emit('constantF32', [], [bitsOf(value)]),
    f32Bits: (bits: number): F32 => builder.emit('constantF32', [], [bits >>> 0]),
    i32: (value: number): I32 => builder.emit('constantI32', [], [value | 0]),
    coordinate: (axis: number): I32 => builder.emit('coordinate', [], [axis]),
    /** Loads input[offset + sum(coordinate(d) * strides[d])]. */
    loadF32: (input: number, strides: readonly number[], offset = 0): F32 =>
      builder.emit('loadF32', [], [input, offset, ...strides]),
    loadI32: (input: number, strides: readonly number[], offset = 0): I32 =>
      builder.emit('loadI32', [], [input, offset, ...strides]),
    gather: (input: number, index: I32): F32 => builder.emit('gatherF32', [index], [input]),
    gatherI32: (input: number, index: I32): I32 => builder.emit('gatherI32', [index], [input]),
    add: f32('addF32'),
    sub: f32('subF32'),
    mul: f32('mulF32'),
    min: f32('minF32'),
    max: f32('maxF32'),
    flush: (x: F32, exponent: number): F32 => builder.emit('flush', [x], [exponent]),
    less: (a: F32, b: F32): Bool => builder.emit('lessF32', [a, b]),
    lessI32: (a: I32, b: I32): Bool => builder.emit('lessI32', [a, b]),
    lessU32: (a: I32, b: I32): Bool => builder.emit('lessU32', [a, b]),
    equalI32: (a: I32, b: I32): Bool => builder.emit('equalI32', [a, b]),
    select: (condition: Bool, a: F32, b: F32): F32 => builder.emit('selectF32', [condition, a, b]),
    selectI32: (condition: Bool, a: I32, b: I32): I32 => builder.emit('selectI32', [condition, a, b]),
    addI32: i32('addI32'),
    subI32: i32('subI32'),
    mulI32: i32('mulI32'),
    mulHighU32: i32('mulHighU32'),
    and: i32('andI32'),
    or: i32('orI32'),
    xor: i32('xorI32'),
    minI32: i32('minI32'),
    maxI32: i32('maxI32'),
    shiftLeft: (a: I32, count: number): I32 => builder.emit('shiftLeft', [a], [count]),
    shiftRight: (a: I32, count: number): I32 => builder.emit('shiftRight', [a], [count]),
    shiftRightU: (a: I32, count: number): I32 => builder.emit('shiftRightU', [a], [count]),
    bits: (x: F32): I32 => builder.emit('bitsOfF32', [x]),
    fromBits: (a: I32): F32 => builder.emit('f32OfBits', [a]),
    toF32: (a: I32): F32 => builder.emit('f32OfI32', [a]),
    toI32: (x: F32): I32 => builder.emit('i32OfF32', [x]),
  }
}
