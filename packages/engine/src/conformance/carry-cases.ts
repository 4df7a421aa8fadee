/**
 * Graphs that carry state from step to step, one for every way in which a value may be overwritten too early: states
 * that depend on each other, that are read again later, or out of order, or through a view.
 */
import type { Tensor } from '../graph.ts'
import { bitsOf } from '../scalar/program.ts'
import * as t from '../tensor-functions.ts'
import { type ConformanceCase, type Sketch, sketch, usedInputs } from './sketch.ts'
import { fork, type Random } from './values.ts'

const STEPS = 3

interface Carried {
  /** Next value of each state, by the input that holds it. */
  readonly next: readonly (readonly [state: Tensor, next: Tensor])[]
  readonly outputs?: Readonly<Record<string, Tensor>>
}

type MakeCarried = (s: Sketch, n: number) => Carried

const square = (s: Sketch, n: number) => s.f32([n, n], 'ordinary')
const column = (s: Sketch, n: number) => s.f32([n, 3], 'ordinary')

const carryMakers: Readonly<Record<string, MakeCarried>> = {
  'two states swap': (s, n) => {
    const [a, b] = [column(s, n), column(s, n)]
    return {
      next: [
        [a, t.scale(b, 0.5)],
        [b, t.offset(a, 1)],
      ],
    }
  },
  'each state reads the other': (s, n) => {
    const [a, b] = [column(s, n), column(s, n)]
    return {
      next: [
        [a, t.add(a, b)],
        [b, t.scale(a, 0.5)],
      ],
    }
  },
  'a state becomes its own transpose': (s, n) => {
    const x = square(s, Math.min(n, 40))
    return { next: [[x, t.permute(x, [1, 0])]] }
  },
  'a state adds its own transpose': (s, n) => {
    const x = square(s, Math.min(n, 40))
    return { next: [[x, t.scale(t.add(x, t.permute(x, [1, 0])), 0.5)]] }
  },
  'a state rotates its own pairs': (s, n) => {
    const x = s.f32([n, 1, 2, 3], 'ordinary')
    return { next: [[x, t.rotary(x, s.f32([n, 3], 'unit'), s.f32([n, 3], 'unit'))]] }
  },
  'a state gathers its own rows': (s, n) => {
    const x = column(s, n)
    return { next: [[x, t.gather(x, s.i32([n], n))]] }
  },
  'a state subtracts its own mean': (s, n) => {
    const x = column(s, n)
    return { next: [[x, t.subtract(x, t.scale(t.sum(x, 0, 1), 1 / n))]] }
  },
  'the old value is read after the new one is known': (s, n) => {
    const x = column(s, n)
    const next = t.multiply(x, t.scale(x, 0.1))
    return { next: [[x, next]], outputs: { late: t.sum(t.exp(t.subtract(t.sum(next, 0, 1), t.absolute(x))), 0, 2) } }
  },
  'the old value is quantised after the new one is known': (s, n) => {
    const x = column(s, n)
    const next = t.scale(x, 0.7)
    const late = t.matmul(t.permute(x, [1, 0]), t.add(x, t.sum(next, 0, 1)), 'mx8')
    return { next: [[x, next]], outputs: { late } }
  },
  'a state goes through views': (s, n) => {
    const x = s.f32([n, 6], 'ordinary')
    return { next: [[x, t.reshape(t.scale(t.reshape(x, [2, n, 3]), -0.9), [n, 6])]] }
  },
  'one result becomes two states': (s, n) => {
    const [a, b] = [column(s, n), column(s, n)]
    const next = t.subtract(a, b)
    return {
      next: [
        [a, next],
        [b, next],
      ],
    }
  },
  'a state is quantised': (s, n) => {
    const q = s.quantised([3, n], 'mx8')
    return { next: [[q, t.quantise(t.offset(t.scale(t.dequantise(q), 0.5), 1e-3), -1, 'mx8')]] }
  },
  'a state keeps what another was': (s, n) => {
    const [x, before] = [column(s, n), column(s, n)]
    const next = t.subtract(t.scale(x, 1.5), t.scale(before, 0.5))
    return {
      next: [
        [before, t.scale(x, 1)],
        [x, next],
      ],
    }
  },
  'a row is written into a cache': (s, n) => {
    const cache = s.f32([2, n, 3], 'ordinary')
    const row = t.scale(t.sum(cache, 1, 2), 0.1)
    return { next: [[cache, t.replaceRow(cache, row, s.i32([1], n))]], outputs: { row } }
  },
  'an optimiser steps': (s, n) => {
    const [p, m, v] = [column(s, n), column(s, n), s.f32([n, 3], 'positive', 1)]
    const g = t.multiply(p, t.scale(p, 0.3))
    const average = { decayBits: bitsOf(0.9), restBits: bitsOf(0.1) }
    const nextM = s.builder.apply('movingAverage', [m, g], average)
    const nextV = s.builder.apply('movingSquare', [v, g], average)
    const schedule = t.constantF32(s.builder, [1, 4], [0.01, 0.999, 1.5, 1.2])
    const nextP = s.builder.apply('adamw', [p, nextM, nextV, schedule], { epsilonBits: bitsOf(1e-8) })
    return {
      next: [
        [m, nextM],
        [v, nextV],
        [p, nextP],
      ],
      outputs: { loss: t.sumAll(g) },
    }
  },
}

const nameOf = (s: Sketch, state: Tensor) => (s.builder.node(state.id).attributes as { name: string }).name

function carryCase(name: string, r: Random, make: (s: Sketch) => Carried): ConformanceCase {
  const s = sketch(r)
  const { next, outputs = {} } = make(s)
  const named = next.map(([state, value]) => [nameOf(s, state), value] as const)
  const carries = Object.fromEntries(named.map(([state]) => [state, `next/${state}`]))
  const values = Object.fromEntries(named.map(([state, value]) => [`next/${state}`, value]))
  const graph = s.builder.finish({ ...values, ...outputs }, carries)
  return { name, graph, inputs: usedInputs(graph, s.inputs), steps: STEPS }
}

/** Returns the cases that carry state, each of several steps. */
export function carryCases(r: Random, quick = false): ConformanceCase[] {
  const sizes = quick ? [37] : [1, 5, 37, 1025]
  return Object.entries(carryMakers).flatMap(([name, make]) =>
    sizes.map(size => carryCase(`${name}/${size}`, fork(r), s => make(s, size))),
  )
}
