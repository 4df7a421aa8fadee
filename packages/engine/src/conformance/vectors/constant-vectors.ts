/** SPEC: N7. The double-precision routines that compile-time constants are computed with. */
import { exponential, logarithm, power, sineCosine, squareRootOf } from '../../constants.ts'
import { double, float, readDouble, type VectorFile, vectorFile } from './notation.ts'

const routines: Readonly<Record<string, (x: number) => number>> = {
  exponential,
  logarithm,
  squareRoot: squareRootOf,
  sine: x => sineCosine(x)[0],
  cosine: x => sineCosine(x)[1],
  'power of 10000': x => power(10_000, x),
}

export interface ConstantCase {
  readonly routine: string
  /** Bits of the double that goes in, of the one that comes out, and of the f32 it is rounded to. */
  readonly x: string
  readonly result: string
  readonly f32: string
}

export function constantCase(routine: string, x: string): ConstantCase {
  const result = (routines[routine] as (x: number) => number)(readDouble(x))
  return { routine, x, result: double(result), f32: float(result) }
}

const ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  exponential: [-20, -1, -0.1, 0, 1e-9, 0.5, 1, 10.25],
  logarithm: [1e-8, 0.1, 0.5, 1, 2, 10, 1e6],
  squareRoot: [1e-6, 0.5, 1, 2, 64, 100, 12345.678],
  sine: [0, 0.1, 1, 1.5707963267948966, 3, 100.5, 5000],
  cosine: [0, 0.1, 1, 1.5707963267948966, 3, 100.5, 5000],
  'power of 10000': [-1, -0.75, -0.25, 0, 0.5],
}

export function constantVectors(): VectorFile {
  const cases = Object.entries(ARGUMENTS).flatMap(([routine, xs]) => xs.map(x => constantCase(routine, double(x))))
  return vectorFile('N7', 'routines for constants: bits of doubles, and of the f32 the result is rounded to', cases)
}
