/** Holds the contract's blocks to the engine's: quantised, turned back, multiplied; reference, wasm and Solidity. */
import type { Harness } from '@cairn/contracts/conformance'
import { BLOCK, bytesOf, type QuantisedDType } from '@cairn/engine'
import type { Random } from '@cairn/engine/conformance'
import { type BlockRun, type BlockRunner, contractor, dequantiser, quantiser } from './block-backends.ts'
import { elementsToQuantise, quantisedBlocks } from './block-values.ts'

type BlockOperation = 'quantise' | 'dequantise' | 'contract'

export interface BlockComparison {
  /** Blocks made, elements made of blocks, and rows multiplied. */
  readonly counts: Record<BlockOperation, number>
  /** Of the dearest block or, of `dequantise`, element. */
  readonly gas: Record<BlockOperation, number>
  readonly differences: string[]
}

const WIDTHS: readonly QuantisedDType[] = ['mx8', 'mx12']
/** Blocks in a row: a lone one, some, and a number that fills no panel. */
const ROW_BLOCKS = [1, 3, 11]
/** Elements in a row: a whole block, a short one, and both. */
const ROW_ELEMENTS = [BLOCK, 7, BLOCK + 13]
const PER_CALL = 100

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const text = ({ bytes, diverged }: BlockRun) => `${hex(bytes)}${diverged ? ' diverged' : ''}`

function note(comparison: BlockComparison, operation: BlockOperation, count: number, gas: bigint): void {
  comparison.counts[operation] += count
  comparison.gas[operation] = Math.max(comparison.gas[operation], Number(gas))
}

function compare({ differences }: BlockComparison, what: string, expected: readonly BlockRun[], solidity: BlockRun) {
  const texts = [...expected, solidity].map(text)
  if (texts.some(one => one !== texts[0])) differences.push(`${what}: ${texts.join(' | ')}`)
}

/** Cuts a row into blocks, the last filled up with +0, as words. */
function paddedBlocks(row: Float32Array): bigint[][] {
  const padded = new Float32Array(BLOCK * Math.ceil(row.length / BLOCK))
  padded.set(row)
  const words = Array.from(new Uint32Array(padded.buffer), BigInt)
  return Array.from({ length: words.length / BLOCK }, (_, n) => words.slice(n * BLOCK, (n + 1) * BLOCK))
}

const joined = (blocks: readonly string[]) => Buffer.from(blocks.map(block => block.slice(2)).join(''), 'hex')

type Quantised = readonly [blocks: readonly string[], diverged: readonly boolean[], gas: bigint]

async function compareQuantised(
  comparison: BlockComparison,
  harness: Harness,
  run: BlockRunner,
  rows: readonly Float32Array[],
  width: QuantisedDType,
  fixed: 0 | 1,
): Promise<void> {
  const padded = rows.map(paddedBlocks)
  const found = await harness.call<Quantised>('quantise', padded.flat(), width === 'mx12', fixed === 1)
  const [blocks, flags, gas] = found
  const perRow = blocks.length / rows.length
  for (const [n, row] of rows.entries()) {
    const own = <T>(all: readonly T[]) => all.slice(n * perRow, (n + 1) * perRow)
    const solidity = { bytes: joined(own(blocks)), diverged: own(flags).includes(true) }
    compare(comparison, `quantise ${width} ${fixed} ${hex(bytesOf(row))}`, run({ x: bytesOf(row) }), solidity)
  }
  note(comparison, 'quantise', blocks.length, gas)
}

function cut(bytes: Uint8Array, width: QuantisedDType): string[] {
  const size = (BLOCK + 1) * (width === 'mx8' ? 1 : 2)
  return Array.from({ length: bytes.length / size }, (_, n) => `0x${hex(bytes.subarray(n * size, (n + 1) * size))}`)
}

async function compareDequantised(
  comparison: BlockComparison,
  harness: Harness,
  run: BlockRunner,
  blocks: Uint8Array,
  width: QuantisedDType,
): Promise<void> {
  const [rows, gas] = await harness.call<readonly [bigint[][], bigint]>('dequantise', cut(blocks, width))
  const words = Uint32Array.from(rows.flat(), Number)
  const solidity = { bytes: new Uint8Array(words.buffer), diverged: false }
  compare(comparison, `dequantise ${width} ${hex(blocks)}`, run({ x: blocks }), solidity)
  note(comparison, 'dequantise', words.length, gas)
}

async function compareContracted(
  comparison: BlockComparison,
  harness: Harness,
  run: BlockRunner,
  [a, b]: readonly [Uint8Array, Uint8Array],
  width: QuantisedDType,
): Promise<void> {
  const rows = [cut(a, width), cut(b, width)]
  const [value, diverged, gas] = await harness.call<readonly [bigint, boolean, bigint]>('contractRows', ...rows)
  const solidity = { bytes: new Uint8Array(Uint32Array.of(Number(value)).buffer), diverged }
  compare(comparison, `contract ${width} ${hex(a)} ${hex(b)}`, run({ a, b }), solidity)
  note(comparison, 'contract', 1, gas)
}

/** Compares at least `count` blocks, elements and rows. */
export async function compareBlocks(harness: Harness, r: Random, count: number): Promise<BlockComparison> {
  const none = { quantise: 0, dequantise: 0, contract: 0 }
  const comparison: BlockComparison = { counts: { ...none }, gas: { ...none }, differences: [] }
  const repeat = async (times: number, step: () => Promise<void>) => {
    for (let n = 0; n < times; n++) await step()
  }
  for (const width of WIDTHS) {
    for (const length of ROW_ELEMENTS) {
      for (const fixed of [0, 1] as const) {
        const run = await quantiser(length, width, fixed)
        const rows = Math.ceil(count / (2 * WIDTHS.length * ROW_ELEMENTS.length))
        const some = () => Array.from({ length: Math.min(rows, PER_CALL) }, () => elementsToQuantise(r, length, width))
        await repeat(rows / PER_CALL, () => compareQuantised(comparison, harness, run, some(), width, fixed))
      }
    }
    for (const blocks of ROW_BLOCKS) {
      const run = await contractor(blocks, width)
      const row = () => quantisedBlocks(r, blocks, width, r.below(60) - 62)
      const rows = Math.ceil(count / (WIDTHS.length * ROW_BLOCKS.length))
      await repeat(rows, () => compareContracted(comparison, harness, run, [row(), row()], width))
    }
    const run = await dequantiser(1, width)
    const block = () => quantisedBlocks(r, 1, width, r.below(100) - 62)
    await repeat(count / (WIDTHS.length * BLOCK), () => compareDequantised(comparison, harness, run, block(), width))
  }
  return comparison
}
