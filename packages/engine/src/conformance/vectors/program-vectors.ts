/** SPEC: N2. The element program of every map operator as an instruction list, with inputs and outputs in bits. */
import { type Backend, bytesOf } from '../../backend.ts'
import { graphBuilder, input, type Node } from '../../graph.ts'
import type { MapAttributes, MapName, OperatorAttributes, OperatorName } from '../../operators/attributes.ts'
import { elementProgram } from '../../operators/programs.ts'
import {
  bitsOf,
  type ElementProgram,
  floatOfBits,
  type Instruction,
  type Opcode,
  opcodes,
} from '../../scalar/program.ts'
import { elementCount, type TensorType } from '../../tensor-type.ts'
import { floats, integers, type Random, random } from '../values.ts'
import { bytes, type VectorFile, vectorFile } from './notation.ts'

export interface ProgramCase {
  readonly operator: MapName
  readonly attributes: object
  readonly inputs: readonly { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: string }[]
  readonly shape: readonly number[]
  /** Instructions: code, operands, immediates. */
  readonly instructions: readonly (readonly [number, readonly number[], readonly number[]])[]
  /** The instruction whose canonical value is the element. */
  readonly result: number
  readonly output: string
  readonly diverged: boolean
}

interface Example<N extends MapName> {
  readonly attributes: MapAttributes[N]
  readonly inputs: readonly TensorType[]
  /** Fills an input other than by the default: random integers below 4, or edges of the domain and random floats. */
  readonly values?: (r: Random, index: number, count: number) => Float32Array | Int32Array | undefined
}

const f32 = (...shape: number[]): TensorType => ({ dtype: 'f32', shape })
const i32 = (...shape: number[]): TensorType => ({ dtype: 'i32', shape })
const row = f32(2, 12)
const none = {}
const bits = bitsOf

/** Zero, the smallest and largest magnitudes, ordinary numbers. */
const EDGES = [0, 2 ** -100, -(2 ** -100), 1, -1, 0.5, -2, 3, floatOfBits(0x5d7fffff), floatOfBits(0xdd7fffff)]

function domainFloats(r: Random, count: number): Float32Array {
  const half = Math.ceil(count / 2)
  return Float32Array.from([...floats(r, half, 'ordinary'), ...floats(r, count - half, 'wide', 20)])
}

function withEdges(r: Random, _: number, count: number): Float32Array {
  const values = domainFloats(r, count)
  values.set(EDGES.slice(0, count))
  return values
}

const key: Example<MapName>['values'] = (_, __, count) => Int32Array.from([0x12345678, -2, 7].slice(0, count))
const positive: Example<MapName>['values'] = (r, _, count) => floats(r, count, 'positive')

const pairs = { attributes: none, inputs: [row, row] }
const unary = { attributes: none, inputs: [row], values: withEdges }
const random3 = { shape: [3, 5], stream: 11 }

/** Examples of every map operator; more than one where attributes change the program. */
const examples: { readonly [N in MapName]: readonly Example<N>[] } = {
  add: [pairs, { attributes: none, inputs: [f32(2, 3), f32(3)] }],
  subtract: [pairs],
  multiply: [pairs],
  scale: [0.3, 2 ** -60, -(2 ** 40)].map(x => ({ ...unary, attributes: { bits: bits(x) } })),
  offset: [{ ...unary, attributes: { bits: bits(-3) } }],
  absolute: [unary],
  exp: [unary],
  log: [{ ...unary, values: positive }],
  reciprocal: [{ ...unary, values: (r, _, count) => floats(r, count, 'ordinary') }],
  reciprocalSquareRoot: [{ ...unary, values: positive }],
  relu: [unary],
  reluGradient: [pairs],
  gelu: [unary],
  geluGradient: [pairs],
  silu: [unary],
  siluGradient: [pairs],
  broadcast: [{ attributes: { shape: [2, 3, 4] }, inputs: [f32(3, 1)] }],
  permute: [{ attributes: { order: [2, 0, 1] }, inputs: [f32(2, 3, 4)] }],
  gather: [{ attributes: none, inputs: [f32(4, 3), i32(2, 3)] }],
  pick: [{ attributes: none, inputs: [f32(5, 4), i32(5)] }],
  place: [{ attributes: { size: 4 }, inputs: [f32(5, 1), i32(5)] }],
  stack: [{ attributes: none, inputs: [f32(1), f32(1), f32(1)] }],
  causalMask: [{ attributes: { fillBits: bits(-(2 ** 20)) }, inputs: [f32(2, 3, 4), i32(3)] }],
  rotary: ([0, 1] as const).map(inverse => ({
    attributes: { inverse },
    inputs: [f32(3, 2, 2, 2), f32(3, 2), f32(3, 2)],
    values: (r, index, count) => (index === 0 ? undefined : floats(r, count, 'unit')),
  })),
  replaceRow: [{ attributes: none, inputs: [f32(2, 4, 3), f32(2, 1, 3), i32(1)] }],
  powerOfTwoScale: (['mx8', 'mx12'] as const).flatMap(width =>
    ([0, 1] as const).map(inverse => ({
      attributes: { width, inverse },
      inputs: [f32(8)],
      values: () => Float32Array.of(0, 2 ** -100, 2 ** -54, 0.75, 1, 1.99, 2 ** 40, 2 ** 48 - 2 ** 24),
    })),
  ),
  dropoutMask: [
    { attributes: { ...random3, keepBelow: 0xc0000000, scaleBits: bits(4 / 3) }, inputs: [i32(3)], values: key },
  ],
  normal: [{ attributes: { ...random3, unitBits: bits(0.02 / 53509.9) }, inputs: [i32(3)], values: key }],
  movingAverage: [{ ...pairs, attributes: { decayBits: bits(0.9), restBits: bits(1 - 0.9) } }],
  movingSquare: [{ ...pairs, attributes: { decayBits: bits(0.999), restBits: bits(1 - 0.999) } }],
  adamw: [
    {
      attributes: { epsilonBits: bits(1e-8) },
      inputs: [row, row, row, f32(1, 4)],
      values: (r, index, count) => {
        if (index === 3) return Float32Array.of(1e-3, 0.9999, 10, 1000)
        return index === 2 ? floats(r, count, 'positive', 4) : undefined
      },
    },
  ],
  clipFactor: [0.25, 1000].map(x => ({
    attributes: { maximumBits: bits(1) },
    inputs: [f32(1)],
    values: () => Float32Array.of(x),
  })),
}

const write = ({ opcode, operands, immediates }: Instruction) =>
  [Object.keys(opcodes).indexOf(opcode), operands, immediates] as const

/** Reads an instruction list back. */
export function programOf({ instructions, result }: ProgramCase): ElementProgram {
  const names = Object.keys(opcodes) as Opcode[]
  const read = ([code, operands, immediates]: ProgramCase['instructions'][number]) => ({
    opcode: names[code] as Opcode,
    operands,
    immediates,
  })
  return { instructions: instructions.map(read), result }
}

/** The graph of one operator over named inputs 0, 1, ... */
export function programGraph({
  operator,
  attributes,
  inputs,
}: Pick<ProgramCase, 'operator' | 'attributes' | 'inputs'>) {
  const builder = graphBuilder()
  const tensors = inputs.map(({ dtype, shape }, n) => input(builder, String(n), shape, dtype as TensorType['dtype']))
  const y = builder.apply(operator as OperatorName, tensors, attributes as OperatorAttributes[OperatorName])
  return builder.finish({ y })
}

async function programCase(
  backend: Backend,
  operator: MapName,
  { attributes, inputs, values }: Example<MapName>,
  r: Random,
): Promise<ProgramCase> {
  const data = inputs.map(({ dtype, shape }, n) => {
    const count = elementCount(shape)
    return values?.(r, n, count) ?? (dtype === 'i32' ? integers(r, count, 4) : domainFloats(r, count))
  })
  const written = inputs.map((type, n) => ({ ...type, bytes: bytes(data[n] as Float32Array) }))
  const graph = programGraph({ operator, attributes, inputs: written })
  const executable = await backend.compile(graph)
  data.forEach((value, n) => {
    executable.write(String(n), bytesOf(value))
  })
  const { ok } = executable.run()
  const { shape, dtype } = graph.nodes.at(-1) as Node
  const { instructions, result } = elementProgram(operator, inputs, { shape, dtype }, attributes)
  const list = instructions.map(write)
  const output = bytes(executable.read('y'))
  return { operator, attributes, inputs: written, shape, instructions: list, result, output, diverged: !ok }
}

export async function programVectors(backend: Backend): Promise<VectorFile> {
  const r = random(0x7072)
  const cases: ProgramCase[] = []
  for (const [operator, all] of Object.entries(examples) as [MapName, readonly Example<MapName>[]][]) {
    for (const example of all) cases.push(await programCase(backend, operator, example, r))
  }
  return vectorFile('N2', 'element programs of map operators: instructions as [code, operands, immediates]', cases)
}
