/** Floats as little-endian bytes. Every bit is kept, and the half-width types convert to f32 exactly. */
const littleEndianHost = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

type FloatDtype = 'F32' | 'F16' | 'BF16'

/** Writes f32 values into `target` at a byte offset; gives the offset after them. */
export function writeFloats(values: Float32Array, target: Uint8Array, offset: number): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  target.set(littleEndianHost ? bytes : reverseWords(bytes), offset)
  return offset + values.byteLength
}

/** Reads f32 values from bytes at any alignment. */
export function readFloats(bytes: Uint8Array, dtype: FloatDtype): Float32Array {
  if (dtype !== 'F32') return widen(bytes, dtype === 'F16' ? f16ToF32Bits : bf16ToF32Bits)
  const values = new Float32Array(bytes.length / 4)
  new Uint8Array(values.buffer).set(littleEndianHost ? bytes : reverseWords(bytes))
  return values
}

function widen(bytes: Uint8Array, toBits: (bits: number) => number): Float32Array {
  const result = new Uint32Array(bytes.length / 2)
  for (let i = 0; i < result.length; i++) result[i] = toBits(bytes[2 * i]! | (bytes[2 * i + 1]! << 8))
  return new Float32Array(result.buffer)
}

const bf16ToF32Bits = (bits: number): number => bits << 16

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits with bias 15, 10 mantissa bits. */
function f16ToF32Bits(bits: number): number {
  const sign = (bits & 0x8000) << 16
  const exponent = (bits >> 10) & 0x1f
  const mantissa = bits & 0x3ff
  if (exponent === 0x1f) return sign | 0x7f800000 | (mantissa << 13)
  if (exponent > 0) return sign | ((exponent + 127 - 15) << 23) | (mantissa << 13)
  if (mantissa === 0) return sign
  const shift = Math.clz32(mantissa) - 21 // moves the leading one of a subnormal to bit 10
  return sign | ((127 - 14 - shift) << 23) | (((mantissa << shift) & 0x3ff) << 13)
}

function reverseWords(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (_, i) => bytes[(i & ~3) + 3 - (i & 3)]!)
}
