import { asF32, bytesOf, contract, graphBuilder, input, permute, quantise, type Tensor } from '@cairn/engine'
import { expect, test } from 'vitest'
import { floatWasm } from './f32-kernels.ts'

/** Values with many significant bits, of both signs and different sizes. */
const valuesOf = (count: number, seed: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7) * 4 ** ((i * 7) % 5))

const countOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)

interface Operand {
  readonly shape: readonly number[]
  readonly axis: -1 | -2
  readonly fixed?: 0 | 1
}

/** [batch ..., row, k] of an operand; leading axes of size 1 repeat. */
function element({ shape, axis }: Operand, values: Float32Array, batch: readonly number[], row: number, k: number) {
  const at = [...batch.map((b, i) => (shape[i] === 1 ? 0 : b)), ...(axis === -1 ? [row, k] : [k, row])]
  return values[at.reduce((offset, coordinate, i) => offset * shape[i]! + coordinate, 0)]!
}

function expected(a: Operand, b: Operand, x: Float32Array, y: Float32Array, lead: number[], sizes: number[]) {
  const [m, n, length] = sizes as [number, number, number]
  const out: number[] = []
  for (let entry = 0; entry < countOf(lead); entry++) {
    const batch = lead.map((size, i) => Math.floor(entry / countOf(lead.slice(i + 1))) % size)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        let sum = 0
        for (let k = 0; k < length; k++)
          sum = Math.fround(sum + Math.fround(element(a, x, batch, i, k) * element(b, y, batch, j, k)))
        out.push(sum)
      }
  }
  return Float32Array.from(out)
}

async function run(product: Tensor, inputs: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
  const e = await floatWasm.compile(product.builder.finish({ product }))
  for (const [name, values] of Object.entries(inputs)) e.write(name, bytesOf(values))
  expect(e.run()).toEqual({ ok: true })
  return asF32(e.read('product')).slice()
}

const cases: [Operand, Operand, number[], number[]][] = [
  [{ shape: [1, 1], axis: -1 }, { shape: [1, 1], axis: -1 }, [], [1, 1, 1]],
  [{ shape: [13, 37], axis: -1 }, { shape: [37, 11], axis: -2 }, [], [13, 11, 37]],
  [{ shape: [64, 16], axis: -2 }, { shape: [64, 24], axis: -2 }, [], [16, 24, 64]],
  [{ shape: [3, 2, 9, 5], axis: -1 }, { shape: [3, 1, 5, 7], axis: -2 }, [3, 2], [9, 7, 5]],
  [{ shape: [2, 4, 33], axis: -1 }, { shape: [2, 12, 33], axis: -1, fixed: 1 }, [2], [4, 12, 33]],
]

test.each(cases)('contracts %o with %o as a plain product in f32 does, bit for bit', async (a, b, lead, sizes) => {
  const builder = graphBuilder()
  const [x, y] = [valuesOf(countOf(a.shape), 1), valuesOf(countOf(b.shape), 2)]
  const operand = (name: string, { shape, axis, fixed = 0 }: Operand) =>
    quantise(input(builder, name, shape), axis, 'mx12', fixed)
  const product = await run(contract(operand('x', a), operand('y', b)), { x, y })
  expect(bytesOf(product)).toEqual(bytesOf(expected(a, b, x, y, lead, sizes)))
})

test('reads through a permutation', async () => {
  const builder = graphBuilder()
  const [x, y] = [valuesOf(2 * 10 * 3 * 8, 3), valuesOf(6 * 8, 4)]
  const heads = permute(input(builder, 'x', [2, 10, 3, 8]), [0, 2, 1, 3])
  const product = await run(contract(quantise(heads, -1, 'mx8'), quantise(input(builder, 'y', [6, 8]), -1, 'mx8')), {
    x,
    y,
  })
  const moved = Float32Array.from({ length: x.length }, (_, at) => {
    const [b, h, t, d] = [Math.floor(at / 240), Math.floor(at / 80) % 3, Math.floor(at / 8) % 10, at % 8]
    return x[b * 240 + t * 24 + h * 8 + d]!
  })
  const [a, b]: Operand[] = [
    { shape: [2, 3, 10, 8], axis: -1 },
    { shape: [1, 1, 6, 8], axis: -1 },
  ]
  expect(bytesOf(product)).toEqual(bytesOf(expected(a!, b!, moved, y, [2, 3], [10, 6, 8])))
})
