import { describe, expect, test } from 'vitest'
import { graphBuilder, input, type Tensor } from '../graph.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import type { DType, Shape } from '../tensor-type.ts'
import type { OperatorName } from './attributes.ts'

const builder = graphBuilder()
let inputs = 0
const of = (dtype: DType, ...shape: number[]): Tensor => input(builder, `x${inputs++}`, shape, dtype)
const f32 = (...shape: number[]) => of('f32', ...shape)
const i32 = (...shape: number[]) => of('i32', ...shape)
const apply = (operator: OperatorName, tensors: readonly Tensor[], attributes: object = {}) =>
  builder.apply(operator, tensors, attributes as never)

/** What an application must say: the expected and the found types. */
type Refusal = readonly [operator: OperatorName, make: () => Tensor, expected: RegExp, found: string]

const bits = bitsOf(0.5)
const refusals: readonly Refusal[] = [
  ['constant', () => t.constantF32(builder, [3], [1, 2]), /^3 values, not 2$/, 'no input'],
  ['add', () => t.add(f32(2, 3), f32(4)), /shapes that broadcast/, 'f32[2,3], f32[4]'],
  ['add', () => t.add(f32(2), i32(2)), /two f32 tensors/, 'f32[2], i32[2]'],
  ['subtract', () => t.subtract(f32(2, 3), f32(3, 2)), /shapes that broadcast/, 'f32[2,3], f32[3,2]'],
  ['multiply', () => apply('multiply', [f32(2)]), /two f32 tensors/, 'f32[2]'],
  ['scale', () => t.scale(i32(2), 2), /one f32 tensor/, 'i32[2]'],
  ['offset', () => t.offset(of('mx8', 2, 32), 2), /one f32 tensor/, 'mx8[2,32]'],
  ['absolute', () => t.absolute(i32(1)), /one f32 tensor/, 'i32[1]'],
  ['exp', () => apply('exp', [f32(2), f32(2)]), /one f32 tensor/, 'f32[2], f32[2]'],
  ['log', () => t.log(i32(2)), /one f32 tensor/, 'i32[2]'],
  ['reciprocal', () => t.reciprocal(i32(2)), /one f32 tensor/, 'i32[2]'],
  ['reciprocalSquareRoot', () => t.reciprocalSquareRoot(i32(2)), /one f32 tensor/, 'i32[2]'],
  ['relu', () => t.relu(i32(2)), /one f32 tensor/, 'i32[2]'],
  ['gelu', () => t.gelu(i32(2)), /one f32 tensor/, 'i32[2]'],
  ['silu', () => t.silu(i32(2)), /one f32 tensor/, 'i32[2]'],
  ['reluGradient', () => t.reluGradient(f32(2, 3), f32(3)), /two tensors of one shape/, 'f32[2,3], f32[3]'],
  ['geluGradient', () => t.geluGradient(f32(2), f32(3)), /broadcast/, 'f32[2], f32[3]'],
  ['siluGradient', () => t.siluGradient(f32(2, 1), f32(2, 3)), /two tensors of one shape/, 'f32[2,1], f32[2,3]'],
  ['broadcast', () => t.broadcast(f32(2, 3), [2, 4]), /a shape that broadcasts to \[2,4\]/, 'f32[2,3]'],
  ['broadcast', () => t.broadcast(f32(4, 3), [3]), /a shape that broadcasts to \[3\]/, 'f32[4,3]'],
  ['permute', () => t.permute(f32(2, 3), [0, 0]), /an order of all axes/, 'f32[2,3]'],
  ['permute', () => t.permute(f32(2, 3), [0, 1, 2]), /an order of all axes/, 'f32[2,3]'],
  ['reshape', () => t.reshape(f32(2, 3), [5]), /^5 elements$/, 'f32[2,3]'],
  ['reshape', () => t.reshape(of('mx8', 2, 32), [64]), /elements/, 'mx8[2,32]'],
  ['gather', () => t.gather(f32(2, 3), f32(2)), /f32\[V,D\] and i32 indices/, 'f32[2,3], f32[2]'],
  ['gather', () => t.gather(f32(2, 3, 4), i32(2)), /f32\[V,D\] and i32 indices/, 'f32[2,3,4], i32[2]'],
  ['pick', () => t.pick(f32(2, 3), i32(3)), /f32\[N,V\] and i32\[N\]/, 'f32[2,3], i32[3]'],
  ['place', () => t.place(f32(2, 2), i32(2), 5), /f32\[N,1\] and i32\[N\]/, 'f32[2,2], i32[2]'],
  ['stack', () => t.stack([f32(1), f32(2)]), /f32 scalars/, 'f32[1], f32[2]'],
  ['causalMask', () => t.causalMask(f32(2, 3, 4), i32(4), 0), /f32\[...,Q,K\] and i32\[Q\]/, 'f32[2,3,4], i32[4]'],
  [
    'rotary',
    () => t.rotary(f32(3, 1, 2, 4), f32(3, 4), f32(4, 4)),
    /two f32\[T,half\]/,
    'f32[3,1,2,4], f32[3,4], f32[4,4]',
  ],
  ['rotary', () => t.rotary(f32(2, 3), f32(2, 3), f32(2, 3)), /two f32\[T,half\]/, 'f32[2,3], f32[2,3], f32[2,3]'],
  ['replaceRow', () => t.replaceRow(f32(4, 3), f32(2, 3), i32(1)), /f32\[...,1,D\]/, 'f32[4,3], f32[2,3], i32[1]'],
  ['powerOfTwoScale', () => t.powerOfTwoScale(i32(2), 'mx8', 0), /one f32 tensor/, 'i32[2]'],
  ['dropoutMask', () => apply('dropoutMask', [i32(2)], { shape: [3], scaleBits: bits }), /a key i32\[3\]/, 'i32[2]'],
  ['normal', () => apply('normal', [f32(3)], { shape: [3], unitBits: bits }), /a key i32\[3\]/, 'f32[3]'],
  ['movingAverage', () => apply('movingAverage', [f32(2), f32(1)]), /two tensors of one shape/, 'f32[2], f32[1]'],
  ['movingSquare', () => apply('movingSquare', [f32(2), i32(2)]), /two f32 tensors/, 'f32[2], i32[2]'],
  [
    'adamw',
    () => apply('adamw', [f32(2), f32(2), f32(2), f32(4)]),
    /schedule row f32\[1,4\]/,
    'f32[2], f32[2], f32[2], f32[4]',
  ],
  ['clipFactor', () => apply('clipFactor', [f32(2)]), /a scalar/, 'f32[2]'],
  ['sum', () => t.sum(f32(2, 3), 1, 3), /axes 1 to 3/, 'f32[2,3]'],
  ['sum', () => t.sum(f32(2, 3), 1, 1), /axes 1 to 1/, 'f32[2,3]'],
  ['maximum', () => t.maximum(f32(2, 3), -1, 2), /axes -1 to 2/, 'f32[2,3]'],
  ['scatterAdd', () => t.scatterAdd(f32(2, 3), i32(3), 4), /f32\[N,D\] and i32\[N\]/, 'f32[2,3], i32[3]'],
  ['quantise', () => t.quantise(f32(32), -1, 'mx8'), /rank 2 or more/, 'f32[32]'],
  ['dequantise', () => t.dequantise(f32(2, 32)), /one quantised tensor/, 'f32[2,32]'],
  ['contract', () => t.contract(of('mx8', 2, 32), of('mx8', 3, 33)), /one contracted axis/, 'mx8[2,32], mx8[3,33]'],
  ['contract', () => t.contract(of('mx8', 2, 32), of('mx12', 3, 32)), /one contracted axis/, 'mx8[2,32], mx12[3,32]'],
  [
    'contract',
    () => t.contract(of('mx8', 2, 4, 9), of('mx8', 3, 5, 9)),
    /leading axes that broadcast/,
    'mx8[2,4,9], mx8[3,5,9]',
  ],
]

describe('a shape error names the operator’s expectation and what was found', () => {
  test.for(refusals.map(([operator, make, expected, found]) => ({ operator, make, expected, found })))(
    '$operator: $found',
    ({ operator, make, expected, found }) => {
      const error = expect.objectContaining({
        code: 'ShapeMismatch',
        expected: expect.stringMatching(expected),
        found,
        message: expect.stringContaining(operator),
      })
      expect(make).toThrow(error)
    },
  )
})

describe('shapes', () => {
  const shapes: readonly (readonly [string, () => Tensor, Shape])[] = [
    ['broadcasting aligns axes on the right', () => t.add(f32(2, 1, 4), f32(3, 1)), [2, 3, 4]],
    ['a sum keeps its axes as 1', () => t.sum(f32(2, 3, 4, 5), 1, 3), [2, 1, 1, 5]],
    ['a permutation moves axes', () => t.permute(f32(2, 3, 4), [2, 0, 1]), [4, 2, 3]],
    ['gather appends the row', () => t.gather(f32(7, 5), i32(2, 3)), [2, 3, 5]],
    ['quantising along -2 puts that axis last', () => t.quantise(f32(2, 3, 4), -2, 'mx8'), [2, 4, 3]],
    [
      'contract takes rows of both and broadcasts batches',
      () => t.contract(of('mx8', 2, 1, 4, 9), of('mx8', 3, 5, 9)),
      [2, 3, 4, 5],
    ],
    ['sumTo undoes a broadcast', () => t.sumTo(f32(2, 3, 4), [3, 1]), [3, 1]],
    ['a stack of scalars is a vector', () => t.stack([f32(1), f32(1, 1)]), [2]],
  ]
  test.for(shapes.map(([name, make, shape]) => ({ name, make, shape })))('$name', ({ make, shape }) => {
    expect(make().shape).toEqual(shape)
  })

  test.for([[[]], [[0]], [[2, -1]], [[1.5]]] as [number[]][])('%j is none', ([shape]) => {
    expect(() => f32(...shape)).toThrow(expect.objectContaining({ code: 'BadShape', found: `[${shape.join()}]` }))
  })
})

describe('constants', () => {
  test.for([2 ** 60, -(2 ** 100), Number.POSITIVE_INFINITY, Number.NaN])('refuse %d', value => {
    const outside = expect.objectContaining({ code: 'ConstantOutsideDomain', path: 'values' })
    expect(() => t.constantF32(builder, [1], [value])).toThrow(outside)
    expect(() => t.scale(f32(1), value)).toThrow(
      expect.objectContaining({ code: 'ConstantOutsideDomain', path: 'bits' }),
    )
  })

  test('take what is too small for the domain as +0', () => {
    const constant = t.constantF32(builder, [3], [-0, 2 ** -101, 2 ** -100])
    expect(builder.node(constant.id).attributes).toMatchObject({ values: [0, 0, bitsOf(2 ** -100)] })
  })

  test('given as bits must be in the domain already', () => {
    const minusZero = { dtype: 'f32', shape: [1], values: [0x80000000] }
    expect(() => apply('constant', [], minusZero)).toThrow(expect.objectContaining({ found: '-0' }))
    expect(() => apply('causalMask', [f32(2, 2), i32(2)], { fillBits: bitsOf(2 ** 60) })).toThrow(/causalMask/)
  })
})
