/** Chooses the kernel of every launch and the addresses it is called with. */
import { InternalError } from '@cairn/primitives'
import type { Graph, Node } from '../../graph.ts'
import type { OperatorAttributes, SpecialAttributes } from '../../operators/attributes.ts'
import { isSpecial } from '../../operators/operation-counts.ts'
import { broadcastStrides, elementCount, stridesOf } from '../../tensor-type.ts'
import { type ContractView, contractKernel } from './contract-kernel.ts'
import { TILE_BYTES } from './contract-tile.ts'
import { dequantiseKernel } from './dequantise-kernel.ts'
import { fuse } from './fused-program.ts'
import type { KernelSource } from './kernel.ts'
import type { Launch, LaunchPlan } from './launches.ts'
import { mapKernel } from './map-kernel.ts'
import { ownerOf, type SizeOf, storageBytes } from './memory-plan.ts'
import { panelLayout } from './panels.ts'
import { type MatrixView, quantiseKernel } from './quantise-kernel.ts'
import { maximumKernel, sumKernel } from './reduction-kernels.ts'
import { type ReductionView, reductionScratchBytes } from './reduction-view.ts'
import { scatterAddKernel } from './scatter-add-kernel.ts'

export interface LaunchKernel {
  readonly kernel: KernelSource
  /** Node ids whose addresses are the kernel's pointers. */
  readonly pointers: readonly number[]
  /** Bytes of scratch memory each thread needs. */
  readonly scratchBytes: number
}

export interface LaunchContext {
  readonly graph: Graph
  readonly plan: LaunchPlan
}

type Special = Exclude<keyof SpecialAttributes, 'input' | 'constant' | 'reshape'>
type Choose<N extends Special> = (
  context: LaunchContext,
  node: Node<N>,
  inputs: readonly Node[],
) => Pick<LaunchKernel, 'kernel'> & { scratchBytes?: number }

function reductionView(shape: readonly number[], { from, to }: { from: number; to: number }): ReductionView {
  return {
    outer: elementCount(shape.slice(0, from)),
    n: elementCount(shape.slice(from, to)),
    inner: elementCount(shape.slice(to)),
  }
}

/** Views the input of a `quantise`, looking through a folded permutation. */
export function matrixView({ graph, plan }: LaunchContext, node: Node<'quantise'>): MatrixView {
  const input = graph.nodes[plan.root(node.inputs[0] as number)] as Node
  let [shape, strides] = [
    (graph.nodes[node.inputs[0] as number] as Node).shape,
    stridesOf((graph.nodes[node.inputs[0] as number] as Node).shape),
  ]
  if (plan.folded.has(input.id)) {
    const { order } = input.attributes as OperatorAttributes['permute']
    const source = stridesOf((graph.nodes[input.inputs[0] as number] as Node).shape)
    ;[shape, strides] = [input.shape, order.map(axis => source[axis] as number)]
  }
  const [rowAxis, axis] =
    node.attributes.axis === -1 ? [shape.length - 2, shape.length - 1] : [shape.length - 1, shape.length - 2]
  return {
    batchSizes: shape.slice(0, -2),
    batchStrides: strides.slice(0, -2),
    rows: shape[rowAxis] as number,
    length: shape[axis] as number,
    rowStride: strides[rowAxis] as number,
    stride: strides[axis] as number,
  }
}

function contractView(node: Node, inputs: readonly Node[]): ContractView {
  const [a, b] = inputs as [Node, Node]
  const lead = node.shape.slice(0, -2)
  const perEntry = (operand: Node) => panelLayout(operand.shape).batchBytes
  const bytes = (operand: Node) => broadcastStrides(operand.shape.slice(0, -2), lead).map(s => s * perEntry(operand))
  return {
    m: node.shape.at(-2) as number,
    n: node.shape.at(-1) as number,
    blocks: panelLayout(a.shape).blocks,
    batchSizes: lead,
    aStrides: bytes(a),
    bStrides: bytes(b),
    outStrides: stridesOf(node.shape).slice(0, -2),
    rowStride: node.shape.at(-1) as number,
    sparse: elementCount(a.shape.slice(0, -2)) > 1 && elementCount(b.shape.slice(0, -2)) > 1,
  }
}

const specialKernels: { readonly [N in Special]: Choose<N> } = {
  sum: (_, node, inputs) => {
    const view = reductionView((inputs[0] as Node).shape, node.attributes)
    return { kernel: sumKernel(view), scratchBytes: reductionScratchBytes(view.n) }
  },
  maximum: (_, node, inputs) => ({ kernel: maximumKernel(reductionView((inputs[0] as Node).shape, node.attributes)) }),
  scatterAdd: (_, node, inputs) => {
    const [count, width] = (inputs[0] as Node).shape as [number, number]
    return { kernel: scatterAddKernel(count, width, node.attributes.rows) }
  },
  quantise: (context, node) => ({
    kernel: quantiseKernel(matrixView(context, node), node.attributes.width, node.attributes.fixed === 1),
  }),
  dequantise: (_, node) => {
    const { rows, batches } = panelLayout(node.shape)
    return { kernel: dequantiseKernel(rows, node.shape.at(-1) as number, batches) }
  },
  contract: (_, node, inputs) => ({ kernel: contractKernel(contractView(node, inputs)), scratchBytes: TILE_BYTES }),
}

function mapLaunch({ graph, plan }: LaunchContext, { members }: Launch): LaunchKernel {
  const program = fuse(graph, members, plan.stored, plan.program, plan.root)
  if (program.writes.length === 0) throw new InternalError('LaunchWithoutOutput', 'a launch stores nothing')
  const sizes = program.reads.map(id => elementCount((graph.nodes[id] as Node).shape))
  return {
    kernel: mapKernel(program, sizes),
    pointers: [...program.reads, ...program.writes.map(w => w.node)],
    scratchBytes: 0,
  }
}

/** Returns the kernel of a launch. */
function launchKernel(context: LaunchContext, launch: Launch): LaunchKernel {
  const { graph, plan } = context
  const node = graph.nodes[launch.members[0] as number] as Node
  if (!isSpecial(node.operator)) return mapLaunch(context, launch)
  const inputs = node.inputs.map(id => graph.nodes[id] as Node)
  const choose = specialKernels[node.operator as Special] as Choose<Special>
  const { kernel, scratchBytes = 0 } = choose(context, node as Node<Special>, inputs)
  return { kernel, pointers: [...node.inputs.map(id => ownerOf(graph, plan, id)), node.id], scratchBytes }
}

/** What a graph is compiled with: how much memory values take, and the kernel of every launch. */
export interface Kernels {
  readonly storageBytes: SizeOf
  readonly launchKernel: (context: LaunchContext, launch: Launch) => LaunchKernel
}

/** The kernels of the product. Benchmarks set others beside them (`src/kernels.ts`). */
export const cn1Kernels: Kernels = { storageBytes, launchKernel }
