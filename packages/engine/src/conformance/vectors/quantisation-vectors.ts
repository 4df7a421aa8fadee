/** SPEC: N1. Blocks of `quantise`, and single elements of `contract` with the partial sum after each block. */
import { contractElement, quantise } from '../../backend/reference/quantisation.ts'
import { allocateQuantised, decodeQuantised, encodeQuantised } from '../../quantised-layout.ts'
import { canonicalise } from '../../scalar/evaluate.ts'
import { floatOfBits } from '../../scalar/program.ts'
import { BLOCK, mantissaBits, type QuantisedDType } from '../../tensor-type.ts'
import { floats, type Random, random } from '../values.ts'
import { bytes, float, readBytes, type VectorFile, vectorFile } from './notation.ts'

export interface QuantiseCase {
  readonly name: string
  readonly width: QuantisedDType
  readonly fixed: boolean
  /** f32 values of one row; a short one is padded with zeros. */
  readonly row: string
  /** Canonical bytes of the row's blocks. */
  readonly result: string
  readonly diverged: boolean
}

/** Quantises one row with the reference. */
function quantiseCase(name: string, width: QuantisedDType, fixed: boolean, row: Float32Array): QuantiseCase {
  const shape = [1, row.length]
  const out = allocateQuantised(shape)
  const diverged = quantise(row, shape, { width, fixed, axis: -1 }, out)
  return { name, width, fixed, row: bytes(row), result: bytes(encodeQuantised(width, out)), diverged }
}

const filled = (from: (i: number) => number, count = BLOCK) => Float32Array.from({ length: count }, (_, i) => from(i))
const largestBelow = (exponent: number) => floatOfBits(((127 + exponent) << 23) - 1)

/** Rows of one block or more, by what they show. */
function rows(r: Random): Readonly<Record<string, Float32Array>> {
  return {
    'all zero': filled(() => 0),
    'ties of mx8, to even, both signs': filled(i => (i === 31 ? 1 : (i - 16 + 0.5) / 64)),
    'ties of mx12': filled(i => (i === 31 ? 1 : (i - 16 + 0.5) / 1024)),
    'clipped: just below a power of two': filled(i => (i % 2 === 0 ? 1 : -1) * largestBelow(i % 4)),
    'one large among small': filled(i => (i === 7 ? 1000 : 2 ** -i)),
    'smallest scale': filled(i => (i - 16) * 2 ** -58),
    'below the smallest scale': filled(i => (i - 16) * 2 ** -66),
    'far below: all mantissas zero': filled(i => (i - 16) * 2 ** -90),
    'largest allowed': filled(i => (i === 0 ? largestBelow(48) : i)),
    'limit reached': filled(i => (i === 0 ? 2 ** 48 : i)),
    'limit reached, negative, in the second block': filled(i => (i === 40 ? -(2 ** 50) : i), 45),
    'powers of two': filled(i => 2 ** (i - 16)),
    'a row of one': filled(() => -0.7, 1),
    'a short last block': floats(r, 37, 'ordinary'),
    random: floats(r, 64, 'ordinary'),
    'random, wide': floats(r, 64, 'wide', 40),
  }
}

const widths: readonly QuantisedDType[] = ['mx8', 'mx12']

export function quantiseVectors(): VectorFile {
  const cases = widths.flatMap(width =>
    Object.entries(rows(random(0x7178))).flatMap(([name, row]) =>
      [false, true].map(fixed => quantiseCase(name, width, fixed, row)),
    ),
  )
  return vectorFile('N1', 'quantise along the last axis: f32 row and canonical bytes of its blocks', cases)
}

export interface ContractCase {
  readonly name: string
  readonly width: QuantisedDType
  readonly blocks: number
  readonly a: string
  readonly b: string
  /** The f32 sum after each block. */
  readonly partials: readonly string[]
  /** The canonical element. */
  readonly result: string
  readonly diverged: boolean
}

/** Contracts two rows of whole blocks with the reference. */
function contractCase(name: string, width: QuantisedDType, blocks: number, a: string, b: string): ContractCase {
  const [x, y] = [a, b].map(text => decodeQuantised(width, [1, blocks * BLOCK], readBytes(text)))
  const sums = Array.from({ length: blocks }, (_, n) => contractElement(x!, 0, y!, 0, n + 1))
  const { value, diverged } = canonicalise(sums.at(-1) as number)
  return { name, width, blocks, a, b, partials: sums.map(float), result: float(value), diverged }
}

type Fill = (i: number) => number

/** Canonical bytes of a row with given mantissas and scale exponents. */
function quantisedRow(width: QuantisedDType, blocks: number, mantissa: Fill, exponent: Fill): string {
  const mantissas = Int16Array.from({ length: blocks * BLOCK }, (_, i) => mantissa(i))
  const exponents = Int8Array.from({ length: blocks }, (_, n) => exponent(n))
  return bytes(encodeQuantised(width, { mantissas, exponents }))
}

function contractCases(width: QuantisedDType, r: Random): ContractCase[] {
  const limit = 2 ** (mantissaBits[width] - 1) - 1
  const any = () => r.below(2 * limit + 1) - limit
  const make = (name: string, blocks: number, a: readonly [Fill, Fill], b: readonly [Fill, Fill]) =>
    contractCase(name, width, blocks, quantisedRow(width, blocks, ...a), quantisedRow(width, blocks, ...b))
  const sign = (i: number) => (i < BLOCK ? 1 : -1)
  return [
    make('largest block sum', 1, [() => limit, () => 0], [() => limit, () => 0]),
    make('smallest scales: the element is +0', 2, [() => 1, () => -62], [() => 1, () => -62]),
    make('blocks cancel to +0', 2, [i => sign(i) * limit, () => 3], [() => limit, () => -5]),
    make(
      'a block of zeros between',
      3,
      [i => (i >= 32 && i < 64 ? 0 : any()), n => [0, -62, 1][n] as number],
      [any, () => -7],
    ),
    make('a small block after a large one', 3, [any, n => -20 * n], [any, () => 0]),
    make('a large block after a small one', 3, [any, n => 20 * n - 40], [any, () => 0]),
    make('leaves the domain', 2, [() => limit, () => 30], [() => limit, () => 30]),
    ...Array.from({ length: 6 }, (_, n) =>
      make(`random ${n}`, 1 + n, [any, () => r.below(9) - 12], [any, () => r.below(9) - 12]),
    ),
  ]
}

export function contractVectors(): VectorFile {
  const r = random(0x6374)
  const cases = widths.flatMap(width => contractCases(width, r))
  return vectorFile('N1', 'one element of contract: canonical bytes of both rows, the sum after each block', cases)
}
