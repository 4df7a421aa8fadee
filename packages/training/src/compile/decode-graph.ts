/**
 * One graph from what its leaves describe, which a stranger may have written: rebuilt operator by operator through the builder, so
 * that shape rules, legality and carries hold as if it had been compiled here; then compared with the bytes.
 */
import {
  type Graph,
  type GraphBuilder,
  graphBuilder,
  type OperatorAttributes,
  type OperatorName,
  type Tensor,
  type TensorType,
} from '@cairn/engine'
import { type CanonicalValue, decodeCanonical, equal, IntegrityError } from '@cairn/primitives'
import { isBoundedShape, isOperator, wrongAttribute } from './attribute-forms.ts'
import type { GraphBorder } from './graph-borders.ts'
import type { GraphName } from './graph-names.ts'
import { describedGraph } from './program-leaves.ts'

/** Makes the error for a program that cannot be used; `place` is `GRAPH` or `GRAPH[OPERATOR]`. */
export const refused = (place: string, expected: string, found: string, cause?: unknown): IntegrityError =>
  new IntegrityError('program.refused', `This program cannot be executed: ${place} is not allowed.`, {
    path: place,
    expected,
    found,
    fix: 'Refuse the job; an honest submitter compiles the program with cairn.',
    cause,
  })

const isMap = (value: CanonicalValue | undefined): value is { readonly [key: string]: CanonicalValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)

/** The values of a constant are bytes beside the leaves and words in a graph. */
function constantAttributes(encoded: object, bytes: Uint8Array, place: string): object {
  if (bytes.length % 4 !== 0) throw refused(place, 'whole words', `${bytes.length} bytes`)
  const { dtype } = encoded as { readonly dtype: string }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (i: number) => (dtype === 'f32' ? view.getUint32(4 * i, true) : view.getInt32(4 * i, true))
  return { ...encoded, values: Array.from({ length: bytes.length / 4 }, (_, i) => word(i)) }
}

/** What a graph is rebuilt from. */
interface Draft {
  readonly builder: GraphBuilder
  readonly tensors: Tensor[]
  /** Takes the values of the next constant. */
  readonly nextConstant: () => Uint8Array | undefined
}

/** Appends an operator as it is described. */
function appendOperator({ builder, tensors, nextConstant }: Draft, described: Uint8Array, place: string): void {
  const fields = decodeCanonical(described)
  if (!Array.isArray(fields) || fields.length !== 6) throw refused(place, 'an operator of six fields', 'another form')
  const [, operator, attributes, inputs] = fields
  if (!isOperator(operator)) throw refused(place, 'a known operator', 'another name')
  const values = operator === 'constant' ? nextConstant() : undefined
  if (operator === 'constant' && values === undefined) throw refused(place, 'values of this constant', 'none')
  const all = isMap(attributes) ? { ...attributes, ...(values && { values }) } : undefined
  const wrong = all === undefined ? 'attributes' : wrongAttribute(operator, all)
  if (wrong !== undefined) throw refused(place, `${operator} with the attributes it has`, `a wrong ${wrong}`)
  const known = Array.isArray(inputs) && inputs.every(id => typeof id === 'number' && tensors[id] !== undefined)
  if (!known) throw refused(place, 'inputs that are earlier operators', 'others')
  const made = builder.apply(
    operator,
    inputs.map(id => tensors[id] as Tensor),
    (values ? constantAttributes(all as object, values, place) : all) as OperatorAttributes[OperatorName],
  )
  if (made.id !== tensors.length) throw refused(place, 'an operator that is not there yet', `operator ${made.id} again`)
  if (!isBoundedShape(made.shape)) throw refused(place, 'a tensor of bounded size', `[${made.shape.join()}]`)
  tensors.push(made)
}

interface Names {
  readonly outputs: Readonly<Record<string, CanonicalValue>>
  readonly carries: Readonly<Record<string, string>>
}

/** Reads a graph's first leaf. Its names are those that the executor will ask for; the rest is compared in the end. */
function readNames(place: string, leaf: Uint8Array, border: GraphBorder): Names {
  const fields = decodeCanonical(leaf)
  const [outputs, carries] = Array.isArray(fields) ? [fields[4], fields[5]] : []
  if (!isMap(outputs) || !isMap(carries)) throw refused(place, 'a graph with outputs and carries', 'another form')
  const wanted = [border.outputs.map(([name]) => name), border.carries.map(pair => pair.join())]
  const found = [Object.keys(outputs), Object.entries(carries).map(pair => pair.join())]
  const isOther = wanted.some(
    (names, i) => names.toSorted().join('\n') !== (found[i] as string[]).toSorted().join('\n'),
  )
  if (isOther) throw refused(place, 'the outputs and carries of its model', 'others')
  return { outputs, carries: carries as Record<string, string> }
}

const typeText = (type: TensorType | undefined) => (type === undefined ? 'nothing' : `${type.dtype}[${type.shape}]`)

/** Checks names and types of a finished graph. */
function assertBorder(place: string, { nodes, inputs, outputs }: Graph, border: GraphBorder): void {
  const { optional = [] } = border
  for (const [side, ids, expected] of [
    ['input', inputs, [...border.inputs, ...optional.filter(([name]) => Object.hasOwn(inputs, name))]],
    ['output', outputs, border.outputs],
  ] as const) {
    for (const [name, type] of expected) {
      const found = Object.hasOwn(ids, name) ? nodes[ids[name] as number] : undefined
      if (typeText(found) !== typeText(type))
        throw refused(place, `the ${side} ${name}: ${typeText(type)}`, typeText(found))
    }
    if (Object.keys(ids).length !== expected.length) throw refused(place, `${expected.length} ${side}s`, 'more')
  }
}

/** Runs what must not throw anything but a refusal, whatever the bytes: rules of the builder meet what no compiler writes. */
export function refusing<T>(place: string, act: () => T): T {
  try {
    return act()
  } catch (cause) {
    if (cause instanceof IntegrityError && cause.code === 'program.refused') throw cause
    throw refused(place, 'what the rules of graphs allow', cause instanceof Error ? cause.message : 'another', cause)
  }
}

/** Rebuilds a graph from what is described of it. Throws `IntegrityError` (`program.refused`) with the place. */
export function decodeGraph(
  name: GraphName,
  described: readonly Uint8Array[],
  border: GraphBorder,
  nextConstant: () => Uint8Array | undefined,
): Graph {
  const builder = graphBuilder()
  const tensors: Tensor[] = []
  const [head, ...operators] = described as [Uint8Array, ...Uint8Array[]]
  const { outputs, carries } = refusing(name, () => readNames(name, head, border))
  operators.forEach((operator, i) => {
    const place = `${name}[${i}]`
    refusing(place, () => appendOperator({ builder, tensors, nextConstant }, operator, place))
  })
  return refusing(name, () => {
    const ends = Object.entries(outputs).map(([output, id]) => {
      const tensor = typeof id === 'number' ? tensors[id] : undefined
      if (tensor === undefined) throw refused(name, `an operator for the output ${output}`, String(id))
      return [output, tensor] as const
    })
    const graph = builder.finish(Object.fromEntries(ends), carries)
    assertBorder(name, graph, border)
    const again = describedGraph(name, graph)
    const differs = described.findIndex((part, i) => !equal(part, again[i] ?? new Uint8Array()))
    if (differs >= 0)
      throw refused(differs === 0 ? name : `${name}[${differs - 1}]`, 'what its inputs make it', 'other')
    return graph
  })
}
