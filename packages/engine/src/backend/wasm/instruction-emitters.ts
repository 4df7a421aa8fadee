/**
 * How each machine instruction becomes WebAssembly on four lanes: one row an opcode. Lanes are exact by the WebAssembly
 * specification, so a row means what `scalar/evaluate.ts` says. Loads are emitted by the map kernel, which knows the
 * loops. A bool is a lane of all ones or all zeros.
 */
import type { Code } from './assembler.ts'
import type { MachineOpcode } from './machine-instruction.ts'
import type { SimdName } from './opcodes.ts'

/** Pushes the instruction's value; `operands` are locals that hold its operands. */
export type Emitter = (c: Code, operands: readonly number[], immediates: readonly number[]) => void
export type LoopOpcode = 'coordinate' | 'loadF32' | 'loadI32' | 'gatherF32' | 'gatherI32' | 'watch'
export type ValueOpcode = Exclude<MachineOpcode, LoopOpcode>

const pushAll = (c: Code, operands: readonly number[]) => {
  for (const operand of operands) c.get(operand)
  return c
}
const plain =
  (name: SimdName): Emitter =>
  (c, operands) =>
    pushAll(c, operands).simd(name)
const shift =
  (name: SimdName): Emitter =>
  (c, operands, [count]) =>
    pushAll(c, operands)
      .i32(count as number)
      .simd(name)
const constant: Emitter = (c, _, [word]) => c.splat(word as number)
const select: Emitter = (c, [condition, a, b]) => pushAll(c, [a, b, condition] as number[]).simd('v128.bitselect')

const SWAP_HALVES = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31]

export const emitters: { readonly [O in ValueOpcode]: Emitter } = {
  constantF32: constant,
  constantI32: constant,
  addF32: plain('f32x4.add'),
  subF32: plain('f32x4.sub'),
  mulF32: plain('f32x4.mul'),
  // pmin(x, y) is y < x ? y : x, exactly the language's minF32.
  minF32: plain('f32x4.pmin'),
  maxF32: plain('f32x4.pmax'),
  magnitude: plain('v128.and'),
  keepF32: plain('v128.and'),
  dropF32: (c, [condition, x]) => pushAll(c, [x, condition] as number[]).simd('v128.andnot'),
  lessF32: plain('f32x4.lt'),
  lessI32: plain('i32x4.lt_s'),
  lessU32: plain('i32x4.lt_u'),
  equalI32: plain('i32x4.eq'),
  selectF32: select,
  selectI32: select,
  addI32: plain('i32x4.add'),
  subI32: plain('i32x4.sub'),
  mulI32: plain('i32x4.mul'),
  mulHighU32: (c, operands) => {
    pushAll(c, operands).simd('i64x2.extmul_low_i32x4_u')
    pushAll(c, operands).simd('i64x2.extmul_high_i32x4_u').shuffle(SWAP_HALVES)
  },
  andI32: plain('v128.and'),
  orI32: plain('v128.or'),
  xorI32: plain('v128.xor'),
  minI32: plain('i32x4.min_s'),
  maxI32: plain('i32x4.max_s'),
  shiftLeft: shift('i32x4.shl'),
  shiftRight: shift('i32x4.shr_s'),
  shiftRightU: shift('i32x4.shr_u'),
  bitsOfF32: pushAll,
  f32OfBits: pushAll,
  f32OfI32: plain('f32x4.convert_i32x4_s'),
  i32OfF32: (c, operands) => pushAll(c, operands).simd('f32x4.nearest').simd('i32x4.trunc_sat_f32x4_s'),
}
