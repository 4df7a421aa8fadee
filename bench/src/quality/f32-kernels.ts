/**
 * The wasm backend in floats: `quantise` packs the values as they are and `contract` multiplies and adds in f32; all other
 * operators are the product's own. This is the fp32 that the integer contraction's quality is measured against.
 * A value that was scaled for `fixed` quantisation is packed scaled: the scale is a power of two and cancels exactly.
 */
import type { Backend, Node } from '@cairn/engine'
import {
  broadcastStrides,
  cn1Kernels,
  isQuantised,
  type Kernels,
  type LaunchContext,
  matrixView,
  ownerOf,
  wasmOf,
} from '@cairn/engine/kernels'
import { type ContractView, contractKernel } from './f32-contract.ts'
import { packKernel } from './f32-pack.ts'
import { matrixBytes, panelBytes } from './f32-panels.ts'

function contractView({ shape }: Node, [a, b]: readonly [Node, Node]): ContractView {
  const batchSizes = shape.slice(0, -2)
  const strides = (operand: Node) =>
    broadcastStrides(operand.shape.slice(0, -2), batchSizes).map(stride => stride * matrixBytes(operand.shape))
  const [m, n] = shape.slice(-2) as [number, number]
  return { m, n, length: a.shape.at(-1)!, batchSizes, aStrides: strides(a), bStrides: strides(b) }
}

function floatKernel(context: LaunchContext, node: Node) {
  if (node.operator === 'quantise') return packKernel(matrixView(context, node as Node<'quantise'>))
  const operands = node.inputs.map(id => context.graph.nodes[id]!) as [Node, Node]
  return contractKernel(contractView(node, operands))
}

const touchesPanels = ({ graph }: LaunchContext, node: Node) =>
  [node.dtype, ...node.inputs.map(id => graph.nodes[id]!.dtype)].some(isQuantised)

const kernels: Kernels = {
  storageBytes: node => (isQuantised(node.dtype) ? panelBytes(node.shape) : cn1Kernels.storageBytes(node)),
  launchKernel(context, launch) {
    const nodes = launch.members.map(id => context.graph.nodes[id]!)
    if (!nodes.some(node => touchesPanels(context, node))) return cn1Kernels.launchKernel(context, launch)
    const [node] = nodes as [Node]
    // SAFETY: an integer kernel that reads float panels would compute nonsense without a word.
    if (nodes.length !== 1 || !['quantise', 'contract'].includes(node.operator))
      throw new Error(`There is no float kernel for ${nodes.map(n => n.operator).join(' + ')}.`)
    const pointers = [...node.inputs.map(id => ownerOf(context.graph, context.plan, id)), node.id]
    return { kernel: floatKernel(context, node), pointers, scratchBytes: 0 }
  },
}

/** Runs graphs whatever their width with float contractions. */
export const floatWasm: Backend = { ...wasmOf(kernels), name: 'wasm-f32' }
