/**
 * How vectors write numbers (docs/spec/numerics-cn1.md, "Vectors"): a word is 8 hex digits, most significant first; a
 * tensor is the hex of its canonical little-endian bytes. Nothing is written as a decimal that has a fraction.
 */
import { decodeHex, encodeHex, philox4x32 } from '@cairn/primitives'
import { bitsOf, floatOfBits } from '../../scalar/program.ts'

/** A file of vectors: what it is about and cases that a second implementation can run one by one. */
export interface VectorFile {
  readonly format: 'cairn/vectors/cn1'
  readonly rule: string
  readonly about: string
  readonly cases: readonly object[]
}

export const vectorFile = (rule: string, about: string, cases: readonly object[]): VectorFile => ({
  format: 'cairn/vectors/cn1',
  rule,
  about,
  cases,
})

/** Writes a 32-bit word. */
export const word = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
/** Reads a word as i32. */
export const readWord = (text: string): number => Number.parseInt(text, 16) | 0

/** Writes the bits of an f32. */
export const float = (value: number): string => word(bitsOf(value))
/** Reads an f32 from its bits. */
export const readFloat = (text: string): number => floatOfBits(Number.parseInt(text, 16))

const doubleView = new DataView(new ArrayBuffer(8))
/** Writes the bits of a double, 16 hex digits. */
export function double(value: number): string {
  doubleView.setFloat64(0, value)
  return doubleView.getBigUint64(0).toString(16).padStart(16, '0')
}
/** Reads a double from its bits. */
export function readDouble(text: string): number {
  doubleView.setBigUint64(0, BigInt(`0x${text}`))
  return doubleView.getFloat64(0)
}

export const bytes = (values: Uint8Array | Float32Array | Int32Array): string =>
  encodeHex(new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice())
export const readBytes = (text: string): Uint8Array => decodeHex(text)

const SMALLEST_EXPONENT = 107
const EXPONENTS = 40

/**
 * Inputs too long to write out: element i comes from word i mod 4 of Philox with counter [floor(i/4), 0, 0, 0] and key
 * [seed, count]. The word keeps its sign and mantissa bits; its exponent field e becomes 107 + e mod 40.
 */
export function drawnFloats(seed: number, count: number): Float32Array {
  const words = Array.from({ length: Math.ceil(count / 4) }, (_, n) => philox4x32([n, 0, 0, 0], [seed, count])).flat()
  return Float32Array.from({ length: count }, (_, i) => {
    const drawn = words[i] as number
    const exponent = SMALLEST_EXPONENT + (((drawn >>> 23) & 255) % EXPONENTS)
    return floatOfBits(((drawn & 0x807fffff) | (exponent << 23)) >>> 0)
  })
}

/** Writes a file: one case a line, so that a change shows as one line. */
export function renderVectors({ cases, ...head }: VectorFile): string {
  const lines = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`)
  const body = cases.map(c => `    ${JSON.stringify(c)}`).join(',\n')
  return `{\n${lines.join('\n')}\n  "cases": [\n${body}\n  ]\n}\n`
}
