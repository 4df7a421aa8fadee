/** WebAssembly instruction codes, by their names in the specification; only those the kernels use. */

/** One-byte instructions. */
export const plain = {
  unreachable: 0x00,
  return: 0x0f,
  'i32.eqz': 0x45,
  'i32.eq': 0x46,
  'i32.ne': 0x47,
  'i32.lt_s': 0x48,
  'i32.lt_u': 0x49,
  'i32.gt_s': 0x4a,
  'i32.ge_s': 0x4e,
  'i32.ge_u': 0x4f,
  'i32.add': 0x6a,
  'i32.sub': 0x6b,
  'i32.mul': 0x6c,
  'i32.div_u': 0x6e,
  'i32.rem_u': 0x70,
  'i32.and': 0x71,
  'i32.or': 0x72,
  'i32.xor': 0x73,
  'i32.shl': 0x74,
  'i32.shr_s': 0x75,
  'i32.shr_u': 0x76,
  'i64.mul': 0x7e,
  'i64.shr_u': 0x88,
  'f32.eq': 0x5b,
  'f32.lt': 0x5d,
  'f32.nearest': 0x90,
  'f32.add': 0x92,
  'f32.sub': 0x93,
  'f32.mul': 0x94,
  'i32.wrap_i64': 0xa7,
  'i64.extend_i32_u': 0xad,
  'f32.convert_i32_s': 0xb2,
  'i32.reinterpret_f32': 0xbc,
  'f32.reinterpret_i32': 0xbe,
  select: 0x1b,
  drop: 0x1a,
} as const

/** Loads and stores: code and natural alignment (log2). */
export const memory = {
  'i32.load': [0x28, 2],
  'f32.load': [0x2a, 2],
  'i32.load8_s': [0x2c, 0],
  'i32.load16_s': [0x2e, 1],
  'i32.store': [0x36, 2],
  'f32.store': [0x38, 2],
  'i32.store16': [0x3b, 1],
} as const

/** SIMD loads and stores (prefix 0xfd): code and alignment. */
export const simdMemory = {
  'v128.load': [0x00, 4],
  'v128.load32_splat': [0x09, 2],
  'v128.store': [0x0b, 4],
  'v128.load64_zero': [0x5d, 3],
} as const

/** SIMD instructions without immediates (prefix 0xfd). */
export const simd = {
  'i8x16.swizzle': 0x0e,
  'i32x4.splat': 0x11,
  'f32x4.splat': 0x13,
  'i32x4.eq': 0x37,
  'i32x4.lt_s': 0x39,
  'i32x4.lt_u': 0x3a,
  'i32x4.gt_s': 0x3b,
  'i32x4.ge_s': 0x3f,
  'i32x4.ge_u': 0x40,
  'f32x4.eq': 0x41,
  'f32x4.lt': 0x43,
  'v128.not': 0x4d,
  'v128.and': 0x4e,
  'v128.andnot': 0x4f,
  'v128.or': 0x50,
  'v128.xor': 0x51,
  'v128.bitselect': 0x52,
  'v128.any_true': 0x53,
  'f32x4.nearest': 0x6a,
  'i16x8.narrow_i32x4_s': 0x85,
  'i16x8.min_s': 0x96,
  'i16x8.max_s': 0x98,
  'i32x4.shl': 0xab,
  'i32x4.shr_s': 0xac,
  'i32x4.shr_u': 0xad,
  'i32x4.add': 0xae,
  'i32x4.sub': 0xb1,
  'i32x4.mul': 0xb5,
  'i32x4.min_s': 0xb6,
  'i32x4.max_s': 0xb8,
  'i32x4.max_u': 0xb9,
  'i32x4.dot_i16x8_s': 0xba,
  'i64x2.extmul_low_i32x4_u': 0xde,
  'i64x2.extmul_high_i32x4_u': 0xdf,
  'f32x4.abs': 0xe0,
  'f32x4.add': 0xe4,
  'f32x4.sub': 0xe5,
  'f32x4.mul': 0xe6,
  'f32x4.pmin': 0xea,
  'f32x4.pmax': 0xeb,
  'i32x4.trunc_sat_f32x4_s': 0xf8,
  'f32x4.convert_i32x4_s': 0xfa,
} as const

/** SIMD lane instructions, which take a lane number (prefix 0xfd). */
export const simdLane = {
  'i32x4.extract_lane': 0x1b,
  'i32x4.replace_lane': 0x1c,
  'f32x4.extract_lane': 0x1f,
  'f32x4.replace_lane': 0x20,
} as const

/** SIMD stores of one lane (prefix 0xfd): code; alignment 2. */
export const simdStoreLane = { 'v128.store32_lane': 0x5a } as const

/** Atomics (prefix 0xfe), all on i32 with alignment 2. */
export const atomic = {
  'memory.atomic.notify': 0x00,
  'i32.atomic.load': 0x10,
  'i32.atomic.store': 0x17,
  'i32.atomic.rmw.add': 0x1e,
} as const

export type PlainName = keyof typeof plain
export type MemoryName = keyof typeof memory
export type SimdName = keyof typeof simd
export type SimdMemoryName = keyof typeof simdMemory
export type SimdLaneName = keyof typeof simdLane
export type AtomicName = keyof typeof atomic
