/**
 * One tile of a contraction (SPEC: N1): 4 rows by 8 columns, all blocks of the contracted axis. Inside a block products
 * and sums are exact in i32; then each becomes f32, is scaled, and is added to the f32 sums, blocks ascending.
 * PERF: the inner loop is not unrolled, and between blocks the f32 sums lie in scratch memory: V8's register allocator
 * spills otherwise. Two vector operations per multiply-add and the scaling bound it; it reaches 95 % of that.
 */
import type { Code } from './assembler.ts'
import { emitCanonVector } from './kernel.ts'
import { BLOCK_BYTES, MANTISSA_OFFSET, PAIR_BYTES, PAIRS, PANEL_ROWS } from './panels.ts'

export const TILE_ROWS = 4
/** Bytes of scratch for one tile of sums. */
export const TILE_BYTES = TILE_ROWS * PANEL_ROWS * 4
const HALVES = [0, 1] as const
type Half = (typeof HALVES)[number]

/** What all tiles of a kernel share; numbers are locals. */
export interface TileEmission {
  readonly c: Code
  readonly blocks: number
  /** Elements between rows of the output. */
  readonly rowStride: number
  /** Whether blocks of zeros in a are skipped. */
  readonly sparse: boolean
  /** Addresses of the current blocks, and of the sums in scratch memory. */
  readonly a: number
  readonly b: number
  readonly sums: number
  readonly totals: readonly number[]
  readonly value: number
  readonly magnitude: number
  readonly peak: number
  readonly canonEdge: number
}

/** Where a tile begins and goes: locals with addresses, and how much of it exists. */
export interface Tile {
  readonly a: number
  readonly b: number
  readonly out: number
  readonly rows: number
  readonly columns: number
}

const sumOffset = (row: number, half: Half) => (2 * row + half) * 16

/** totals = dot products of the block at pointers a and b. */
function emitDotProducts({ c, a, b, totals }: TileEmission): void {
  const [pa, pb, end] = [c.local('i32'), c.local('i32'), c.local('i32')]
  const [b0, b1, aPair] = [c.local('v128'), c.local('v128'), c.local('v128')]
  for (const total of totals) c.splat(0).set(total)
  c.get(a).set(pa).get(b).set(pb)
  c.get(b)
    .i32(PAIRS * PAIR_BYTES)
    .op('i32.add')
    .set(end)
  c.loop(() => {
    c.get(pb).load('v128.load', MANTISSA_OFFSET).set(b0)
    c.get(pb)
      .load('v128.load', MANTISSA_OFFSET + 16)
      .set(b1)
    for (let row = 0; row < TILE_ROWS; row++) {
      const [t0, t1] = [totals[2 * row] as number, totals[2 * row + 1] as number]
      c.get(pa)
        .load('v128.load32_splat', MANTISSA_OFFSET + 4 * row)
        .set(aPair)
      c.get(t0).get(aPair).get(b0).simd('i32x4.dot_i16x8_s').simd('i32x4.add').set(t0)
      c.get(t1).get(aPair).get(b1).simd('i32x4.dot_i16x8_s').simd('i32x4.add').set(t1)
    }
    c.get(pa).i32(PAIR_BYTES).op('i32.add').set(pa)
    c.get(pb).i32(PAIR_BYTES).op('i32.add').tee(pb).get(end).op('i32.ne').brIf(0)
  })
}

/** value = the block's scaled totals, plus the sums so far unless it is the first; `take` uses each value. */
function emitScaled(e: TileEmission, isFirst: boolean, take: (row: number, half: Half) => void): void {
  const { c, a, b, sums, totals, value } = e
  const [aScale, ...bScales] = [c.local('v128'), c.local('v128'), c.local('v128')] as [number, number, number]
  for (const half of HALVES)
    c.get(b)
      .load('v128.load', 16 * half)
      .set(bScales[half])
  for (let row = 0; row < TILE_ROWS; row++) {
    c.get(a)
      .load('v128.load32_splat', 4 * row)
      .set(aScale)
    for (const half of HALVES) {
      if (!isFirst) c.get(sums).load('v128.load', sumOffset(row, half))
      c.get(totals[2 * row + half] as number).simd('f32x4.convert_i32x4_s')
      c.get(aScale).get(bScales[half]).simd('f32x4.mul').simd('f32x4.mul')
      if (!isFirst) c.simd('f32x4.add')
      c.set(value)
      take(row, half)
    }
  }
}

function keepSum({ c, sums, value }: TileEmission, row: number, half: Half): void {
  c.get(sums).get(value).store('v128.store', sumOffset(row, half))
}

/** Stores the canonical value in the output, as far as the tile exists. */
function storeResult(e: TileEmission, tile: Tile, row: number, half: Half): void {
  const { c, rowStride, value, magnitude, peak, canonEdge } = e
  const count = Math.min(4, tile.columns - 4 * half)
  if (row >= tile.rows || count <= 0) return
  const offset = 4 * (row * rowStride + 4 * half)
  emitCanonVector(c, value, peak, magnitude, canonEdge)
  c.set(value)
  if (count === 4) c.get(tile.out).get(value).store('v128.store', offset)
  else
    for (let lane = 0; lane < count; lane++)
      c.get(tile.out)
        .get(value)
        .storeLane(offset + 4 * lane, lane)
}

function advance({ c, a, b }: TileEmission): void {
  for (const pointer of [a, b]) c.get(pointer).i32(BLOCK_BYTES).op('i32.add').set(pointer)
}

/** Blocks first to last; the first needs no sums yet, the last goes to the output directly. */
function emitDense(e: TileEmission, tile: Tile): void {
  const { c, blocks } = e
  const emitBlock = (isFirst: boolean, take: (row: number, half: Half) => void) => {
    emitDotProducts(e)
    emitScaled(e, isFirst, take)
  }
  const keep = (row: number, half: Half) => keepSum(e, row, half)
  if (blocks > 1) {
    emitBlock(true, keep)
    advance(e)
  }
  if (blocks > 2) {
    const k = c.local('i32')
    c.i32(2).set(k)
    c.while(
      k,
      () => c.i32(blocks),
      1,
      () => {
        emitBlock(false, keep)
        advance(e)
      },
    )
  }
  emitBlock(blocks === 1, (row, half) => storeResult(e, tile, row, half))
}

/** The same with blocks of zeros left out. A block of zeros has scale 0; it would add +0 to sums that are never -0. */
function emitSparse(e: TileEmission, tile: Tile): void {
  const { c, a, blocks, sums, value } = e
  const k = c.local('i32')
  for (let at = 0; at < TILE_BYTES; at += 16) c.get(sums).splat(0).store('v128.store', at)
  c.i32(0).set(k)
  c.while(
    k,
    () => c.i32(blocks),
    1,
    () => {
      c.get(a).load('v128.load').simd('v128.any_true')
      c.if(() => {
        emitDotProducts(e)
        emitScaled(e, false, (row, half) => keepSum(e, row, half))
      })
      advance(e)
    },
  )
  for (let row = 0; row < tile.rows; row++) {
    for (const half of HALVES) {
      c.get(sums).load('v128.load', sumOffset(row, half)).set(value)
      storeResult(e, tile, row, half)
    }
  }
}

/** Emits one tile. */
export function emitTile(e: TileEmission, tile: Tile): void {
  e.c.get(tile.a).set(e.a).get(tile.b).set(e.b)
  if (e.sparse) emitSparse(e, tile)
  else emitDense(e, tile)
}
