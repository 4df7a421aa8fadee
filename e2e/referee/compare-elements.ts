/**
 * Holds the contract's interpreter to the engine: elements of every map operator over the conformance cases, those that
 * leave the domain included. Solidity = TypeScript's interpreter = the operator as the wasm backend runs it.
 */
import type { Harness } from '@cairn/contracts/conformance'
import { bitsOf, type ElementProgram, elementCount, type Graph, type Node, type TensorType, wasm } from '@cairn/engine'
import {
  elementProgram,
  evaluateElement,
  isSpecial,
  type MapName,
  type OperatorAttributes,
  stridesOf,
} from '@cairn/engine/arithmetic'
import type { ConformanceCase, Random } from '@cairn/engine/conformance'
import { type ElementOutcome, elementOf, judge, type OperandBytes } from './element-solidity.ts'

/** What was compared of an operator. */
interface ElementCount {
  elements: number
  /** How many of them raise `diverged`. */
  diverged: number
  /** Of the dearest element. */
  gas: number
}

export interface ElementComparison {
  readonly counts: Map<string, ElementCount>
  readonly differences: string[]
}

/** A map operator of a graph that ran, with what it read and what it gave. */
interface MapRun {
  readonly node: Node
  readonly program: ElementProgram
  readonly operands: readonly OperandBytes[]
  readonly output: OperandBytes
  /** Whether the backend says that some element of it raised `diverged`. */
  readonly diverged: boolean
}

const inputName = (node: Node) => (node.attributes as OperatorAttributes['input']).name
const operandBytes = ({ dtype }: TensorType, bytes: Uint8Array): OperandBytes => ({
  isFloat: dtype === 'f32',
  size: 4,
  bytes,
})

/** Runs a case on the wasm backend, operator by operator, and returns its map operators, up to one that diverged. */
async function mapRuns({ graph, inputs }: ConformanceCase): Promise<MapRun[]> {
  const computed = graph.nodes.filter(node => node.operator !== 'input')
  const outputs = Object.fromEntries(computed.map(({ id }) => [`node ${id}`, id]))
  const shown: Graph = { ...graph, outputs, carries: {} }
  const executable = await wasm.compile(shown, { lowering: 'unfused' })
  for (const [name, bytes] of Object.entries(inputs)) executable.write(name, bytes)
  const result = executable.run()
  const last = result.ok ? graph.nodes.length : (result.operator as number)
  const bytes = graph.nodes.map(node =>
    node.operator === 'input' ? (inputs[inputName(node)] as Uint8Array) : executable.read(`node ${node.id}`).slice(),
  )
  await executable.close()
  const maps = graph.nodes.slice(0, last + 1).filter(({ operator }) => !isSpecial(operator))
  return maps.map(node => {
    const from = node.inputs.map(id => graph.nodes[id] as Node)
    return {
      node,
      program: elementProgram(node.operator as MapName, from, node, node.attributes as OperatorAttributes[MapName]),
      operands: from.map(input => operandBytes(input, bytes[input.id] as Uint8Array)),
      output: operandBytes(node, bytes[node.id] as Uint8Array),
      diverged: node.id === last,
    }
  })
}

const coordinatesOf = ({ shape }: Node, index: number) =>
  stridesOf(shape).map((stride, axis) => Math.floor(index / stride) % (shape[axis] as number))

function interpret({ node, program, operands }: MapRun, index: number): ElementOutcome {
  const get = (input: number, place: number) => elementOf(operands[input] as OperandBytes, place)
  const { value, diverged } = evaluateElement(program, { get }, coordinatesOf(node, index))
  return { bits: bitsOf(value), diverged }
}

/** Both ends and some between; and of an operator that diverged, elements that did. */
function chosenElements(r: Random, run: MapRun, count: number): number[] {
  const total = elementCount(run.node.shape)
  const some = Array.from({ length: count }, (_, n) => (n === 0 ? 0 : n === 1 ? total - 1 : r.below(total)))
  const all = run.diverged ? Array.from({ length: total }, (_, index) => index) : []
  const diverged = all.filter(index => interpret(run, index).diverged)
  return [...new Set([...some, ...diverged.slice(0, count)])]
}

const text = ({ bits, diverged }: ElementOutcome) =>
  `${bits.toString(16).padStart(8, '0')}${diverged ? ' diverged' : ''}`

async function compareRun(
  harness: Harness,
  r: Random,
  run: MapRun,
  perOperator: number,
  comparison: ElementComparison,
) {
  const { node, program, operands, output } = run
  const chosen = chosenElements(r, run, perOperator)
  const judged = await judge(
    harness,
    program,
    operands,
    chosen.map(index => coordinatesOf(node, index)),
  )
  const count = comparison.counts.get(node.operator) ?? { elements: 0, diverged: 0, gas: 0 }
  comparison.counts.set(node.operator, count)
  let isFlagged = false
  for (const [n, index] of chosen.entries()) {
    const [solidity, typescript] = [judged[n]!, interpret(run, index)]
    const onWasm = bitsOf(elementOf(output, index) as number)
    count.elements++
    count.gas = Math.max(count.gas, solidity.gas)
    if (typescript.diverged) count.diverged++
    isFlagged ||= solidity.diverged
    if (text(solidity) === text(typescript) && onWasm === typescript.bits) continue
    const found = `solidity ${text(solidity)}, typescript ${text(typescript)}, wasm ${onWasm.toString(16)}`
    comparison.differences.push(`${node.operator} ${node.shape} [${index}]: ${found}`)
  }
  if (isFlagged !== run.diverged)
    comparison.differences.push(`${node.operator}: only one of the backend and the contract flags it`)
}

/** Compares up to about `perOperator` elements of every map operator of a case, and adds them to what was compared. */
export async function compareElements(
  harness: Harness,
  r: Random,
  conformanceCase: ConformanceCase,
  perOperator: number,
  comparison: ElementComparison,
): Promise<void> {
  for (const run of await mapRuns(conformanceCase)) await compareRun(harness, r, run, perOperator, comparison)
}
