/** Graphs for the vectors of N1, N3, N4 and N6: movement, reductions over middle axes, and small whole computations. */
import type { Backend } from '../../backend.ts'
import { bitsOf } from '../../scalar/program.ts'
import * as t from '../../tensor-functions.ts'
import type { Sketch } from '../sketch.ts'
import { type GraphVector, type Made, sketchedVector } from './graph-vectors.ts'
import { type VectorFile, vectorFile } from './notation.ts'

interface Example {
  readonly make: (s: Sketch) => Made
  readonly runs?: number
}

const movement: Readonly<Record<string, Example>> = {
  permute: { make: s => ({ outputs: { y: t.permute(s.f32([2, 3, 4], 'ordinary'), [1, 2, 0]) } }) },
  'reshape shares its bytes': {
    make: s => ({ outputs: { y: t.scale(t.reshape(s.f32([2, 6], 'ordinary'), [3, 4]), 2) } }),
  },
  'scatterAdd: ascending source order': {
    make: s => ({ outputs: { y: t.scatterAdd(s.f32([40, 2], 'ordinary'), s.i32([40], 3), 4) } }),
  },
  'scatterAdd: an index out of range': {
    make: s => ({ outputs: { y: t.scatterAdd(s.f32([4, 2], 'ordinary'), s.i32([4], 3, 3), 3) } }),
  },
  'gather: an index out of range reads +0': {
    make: s => ({ outputs: { y: t.gather(s.f32([4, 2], 'ordinary'), s.i32([5], 4, -1)) } }),
  },
  'pick and place': {
    make: s => {
      const index = s.i32([4], 5)
      return { outputs: { y: t.place(t.pick(s.f32([4, 5], 'ordinary'), index), index, 5) } }
    },
  },
  'place: an index out of range places nothing': {
    make: s => ({ outputs: { y: t.place(s.f32([3, 1], 'ordinary'), s.i32([3], 4, 4), 4) } }),
  },
}

const last = (x: { shape: readonly number[] }) => x.shape.length - 1

const whole: Readonly<Record<string, Example>> = {
  softmax: {
    make: s => {
      const x = s.f32([3, 7], 'ordinary')
      const weights = t.exp(t.subtract(x, t.maximum(x, 1, 2)))
      return { outputs: { y: t.multiply(weights, t.reciprocal(t.sum(weights, 1, 2))) } }
    },
  },
  'layer norm': {
    make: s => {
      const x = s.f32([2, 40], 'ordinary')
      const mean = (z: typeof x) => t.scale(t.sum(z, last(z), last(z) + 1), 1 / 40)
      const centred = t.subtract(x, mean(x))
      const deviation = t.reciprocalSquareRoot(t.offset(mean(t.multiply(centred, centred)), 1e-5))
      return { outputs: { y: t.multiply(t.multiply(centred, deviation), s.f32([40], 'unit')) } }
    },
  },
  'sums and maxima over middle axes': {
    make: s => {
      const x = s.f32([2, 5, 3, 2], 'wide', 20)
      return { outputs: { sum: t.sum(x, 1, 3), maximum: t.maximum(x, 1, 3), rows: t.sum(x, 0, 1) } }
    },
  },
  'matmul mx8 along both axes': {
    make: s => {
      const [x, w] = [s.f32([3, 35], 'ordinary'), s.f32([35, 2], 'ordinary')]
      return {
        outputs: { y: t.matmul(x, w, 'mx8'), z: t.contract(t.quantise(w, -2, 'mx8'), t.quantise(x, -1, 'mx8')) },
      }
    },
  },
  'batched contract mx12': {
    make: s => {
      const [x, w] = [s.f32([2, 2, 33], 'ordinary'), s.f32([3, 33], 'ordinary')]
      return { outputs: { y: t.contract(t.quantise(x, -1, 'mx12'), t.quantise(w, -1, 'mx12')) } }
    },
  },
  'values folded into causal weights': {
    make: s => {
      const [weights, v] = [t.relu(s.f32([3, 3], 'unit')), s.f32([3, 4], 'wide', 10)]
      const seen = t.causalMask(weights, t.constantI32(s.builder, [0, 1, 2]), 0)
      const largest = t.maximum(t.absolute(v), 1, 2)
      const perKey = t.reshape(t.powerOfTwoScale(largest, 'mx8', 0), [1, 3])
      const mantissas = t.quantise(t.multiply(v, t.powerOfTwoScale(largest, 'mx8', 1)), -2, 'mx8', 1)
      return { outputs: { y: t.contract(t.quantise(t.multiply(seen, perKey), -1, 'mx8'), mantissas) } }
    },
  },
  'an optimiser, three steps': {
    make: s => {
      const [p, m, v] = [s.f32([2, 3], 'ordinary'), s.f32([2, 3], 'unit'), t.absolute(s.f32([2, 3], 'unit'))]
      const g = t.multiply(p, t.scale(p, 0.3))
      const average = { decayBits: bitsOf(0.9), restBits: bitsOf(1 - 0.9) }
      const nextM = s.builder.apply('movingAverage', [m, g], average)
      const nextV = s.builder.apply('movingSquare', [v, g], average)
      const schedule = t.constantF32(s.builder, [1, 4], [0.01, 0.999, 1.5, 1.2])
      const next = s.builder.apply('adamw', [p, nextM, nextV, schedule], { epsilonBits: bitsOf(1e-8) })
      return { outputs: { next, nextM }, carries: { x0: 'next', x1: 'nextM' } }
    },
    runs: 3,
  },
  'diverges in the second run': {
    make: s => ({
      outputs: { next: t.scale(t.exp(t.scale(s.f32([3], 'positive', 1), 8)), 3) },
      carries: { x0: 'next' },
    }),
    runs: 4,
  },
}

async function vectors(backend: Backend, examples: Readonly<Record<string, Example>>): Promise<GraphVector[]> {
  const done: GraphVector[] = []
  for (const [name, { make, runs }] of Object.entries(examples)) {
    done.push(await sketchedVector(backend, name, done.length + 1, make, runs))
  }
  return done
}

export async function movementVectors(backend: Backend): Promise<VectorFile> {
  return vectorFile('N6', 'graphs that move values; every operator’s bytes', await vectors(backend, movement))
}

export async function graphVectors(backend: Backend): Promise<VectorFile> {
  return vectorFile('N4', 'small whole graphs; every operator’s bytes after each run', await vectors(backend, whole))
}
