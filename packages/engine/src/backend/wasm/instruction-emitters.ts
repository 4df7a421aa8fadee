/**
 * How each scalar instruction becomes WebAssembly: one row an opcode, for four lanes and for one. Lanes are exact by
 * the WebAssembly specification, so both columns mean what `scalar/evaluate.ts` says. Loads are emitted by the map
 * kernel, which knows the loops.
 */
import { bitsOf, type Opcode, type ScalarType } from '../../scalar/program.ts'
import type { Code, ValueType } from './assembler.ts'
import type { PlainName, SimdName } from './opcodes.ts'

/** Pushes the instruction's value; `operands` are locals that hold its operands. */
export type Emitter = (c: Code, operands: readonly number[], immediates: readonly number[]) => void
type LoopOpcode = 'coordinate' | 'loadF32' | 'loadI32' | 'gatherF32'
export type ValueOpcode = Exclude<Opcode, LoopOpcode>

interface Row {
  readonly vector: Emitter
  readonly scalar: Emitter
}

const both = (c: Code, [a, b]: readonly number[]) => c.get(a as number).get(b as number)

const binary = (vector: SimdName, scalar: PlainName): Row => ({
  vector: (c, operands) => both(c, operands).simd(vector),
  scalar: (c, operands) => both(c, operands).op(scalar),
})

/** pmin(x, y) is y < x ? y : x, exactly the language's minF32; operands are pushed in order. */
const choose = (vector: SimdName, lessFirst: boolean): Row => ({
  vector: (c, operands) => both(c, operands).simd(vector),
  scalar: (c, [a, b]) => {
    const [x, y] = [a as number, b as number]
    c.get(y).get(x)
    if (lessFirst) c.get(y).get(x)
    else c.get(x).get(y)
    c.op('f32.lt').op('select')
  },
})

const chooseInteger = (vector: SimdName, comparison: PlainName): Row => ({
  vector: (c, operands) => both(c, operands).simd(vector),
  scalar: (c, operands) => {
    both(c, operands)
    both(c, operands).op(comparison).op('select')
  },
})

const shift = (vector: SimdName, scalar: PlainName): Row => ({
  vector: (c, [a], [n]) =>
    c
      .get(a as number)
      .i32(n as number)
      .simd(vector),
  scalar: (c, [a], [n]) =>
    c
      .get(a as number)
      .i32(n as number)
      .op(scalar),
})

const select: Row = {
  vector: (c, [condition, a, b]) =>
    c
      .get(a as number)
      .get(b as number)
      .get(condition as number)
      .simd('v128.bitselect'),
  scalar: (c, [condition, a, b]) =>
    c
      .get(a as number)
      .get(b as number)
      .get(condition as number)
      .op('select'),
}

const SWAP_HALVES = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31]

export const emitters: { readonly [O in ValueOpcode]: Row } = {
  constantF32: { vector: (c, _, [bits]) => c.splat(bits as number), scalar: (c, _, [bits]) => c.f32(bits as number) },
  constantI32: {
    vector: (c, _, [value]) => c.splat(value as number),
    scalar: (c, _, [value]) => c.i32(value as number),
  },
  addF32: binary('f32x4.add', 'f32.add'),
  subF32: binary('f32x4.sub', 'f32.sub'),
  mulF32: binary('f32x4.mul', 'f32.mul'),
  minF32: choose('f32x4.pmin', true),
  maxF32: choose('f32x4.pmax', false),
  flush: {
    vector: (c, [a], [t]) => {
      c.get(a as number)
        .get(a as number)
        .splat(0x7fffffff)
        .simd('v128.and')
      c.splat(bitsOf(2 ** (t as number)))
        .simd('i32x4.ge_s')
        .simd('v128.and')
    },
    scalar: (c, [a], [t]) => {
      c.get(a as number)
        .f32(0)
        .get(a as number)
        .op('i32.reinterpret_f32')
        .i32(0x7fffffff)
        .op('i32.and')
      c.i32(bitsOf(2 ** (t as number)))
        .op('i32.ge_s')
        .op('select')
    },
  },
  lessF32: binary('f32x4.lt', 'f32.lt'),
  lessI32: binary('i32x4.lt_s', 'i32.lt_s'),
  lessU32: binary('i32x4.lt_u', 'i32.lt_u'),
  equalI32: binary('i32x4.eq', 'i32.eq'),
  selectF32: select,
  selectI32: select,
  addI32: binary('i32x4.add', 'i32.add'),
  subI32: binary('i32x4.sub', 'i32.sub'),
  mulI32: binary('i32x4.mul', 'i32.mul'),
  mulHighU32: {
    vector: (c, operands) => {
      both(c, operands).simd('i64x2.extmul_low_i32x4_u')
      both(c, operands).simd('i64x2.extmul_high_i32x4_u').shuffle(SWAP_HALVES)
    },
    scalar: (c, [a, b]) => {
      c.get(a as number)
        .op('i64.extend_i32_u')
        .get(b as number)
        .op('i64.extend_i32_u')
        .op('i64.mul')
      c.i32(32).op('i64.extend_i32_u').op('i64.shr_u').op('i32.wrap_i64')
    },
  },
  andI32: binary('v128.and', 'i32.and'),
  orI32: binary('v128.or', 'i32.or'),
  xorI32: binary('v128.xor', 'i32.xor'),
  minI32: chooseInteger('i32x4.min_s', 'i32.lt_s'),
  maxI32: chooseInteger('i32x4.max_s', 'i32.gt_s'),
  shiftLeft: shift('i32x4.shl', 'i32.shl'),
  shiftRight: shift('i32x4.shr_s', 'i32.shr_s'),
  shiftRightU: shift('i32x4.shr_u', 'i32.shr_u'),
  bitsOfF32: {
    vector: (c, [a]) => c.get(a as number),
    scalar: (c, [a]) => c.get(a as number).op('i32.reinterpret_f32'),
  },
  f32OfBits: {
    vector: (c, [a]) => c.get(a as number),
    scalar: (c, [a]) => c.get(a as number).op('f32.reinterpret_i32'),
  },
  f32OfI32: {
    vector: (c, [a]) => c.get(a as number).simd('f32x4.convert_i32x4_s'),
    scalar: (c, [a]) => c.get(a as number).op('f32.convert_i32_s'),
  },
  i32OfF32: {
    vector: (c, [a]) =>
      c
        .get(a as number)
        .simd('f32x4.nearest')
        .simd('i32x4.trunc_sat_f32x4_s'),
    // One lane of the vector form: the scalar truncation would trap where this saturates.
    scalar: (c, [a]) => {
      c.get(a as number)
        .simd('f32x4.splat')
        .simd('f32x4.nearest')
        .simd('i32x4.trunc_sat_f32x4_s')
        .lane('i32x4.extract_lane', 0)
    },
  },
}

export const scalarTypes: Record<ScalarType, ValueType> = { f32: 'f32', i32: 'i32', bool: 'i32' }
