/**
 * The memory plan: one address per stored tensor, fixed before the first step, so that nothing is allocated while
 * training. Tensors whose lifetimes do not overlap share memory; a carried output overwrites its input in place when
 * nobody reads the old value afterwards.
 */
import type { Lowering } from '../../backend.ts'
import type { Graph, Node } from '../../graph.ts'
import { isSpecial } from '../../operators/operation-counts.ts'
import { elementCount, isQuantised } from '../../tensor-type.ts'
import { readsOnlyIdentity } from './fused-program.ts'
import type { LaunchPlan } from './launches.ts'
import { panelBytes } from './panels.ts'

export interface MemoryPlan {
  /** Byte address of every node that owns memory. */
  readonly addressOf: ReadonlyMap<number, number>
  /** Carried outputs that must be copied to their input after a step: [from, to, bytes]. */
  readonly copies: readonly (readonly [number, number, number])[]
  readonly endAddress: number
}

const ALIGNMENT = 64
/** Vector loads may read up to this far past a tensor's end. */
const SLACK = 64
const align = (n: number) => Math.ceil(n / ALIGNMENT) * ALIGNMENT

/** Tells a tensor's size in memory. */
export type SizeOf = (node: Node) => number

/** Returns a tensor's size in memory, panels for quantised ones. */
export function storageBytes(node: Node): number {
  return isQuantised(node.dtype) ? panelBytes(node.shape) : 4 * elementCount(node.shape)
}

interface Lifetime {
  readonly node: number
  readonly bytes: number
  readonly from: number
  to: number
}

/** Follows folded permutations to the tensor whose memory is read. */
export function ownerOf(graph: Graph, plan: LaunchPlan, id: number): number {
  const node = plan.root(id)
  return plan.folded.has(node) ? ownerOf(graph, plan, (graph.nodes[node] as Node).inputs[0] as number) : node
}

/** Tells whether launch `at` may overwrite `input` in place: all other readers came before, and it reads elementwise. */
function overwritable(graph: Graph, plan: LaunchPlan, input: number, at: number): boolean {
  return plan.launches.every((launch, index) =>
    launch.members.every(id => {
      const node = graph.nodes[id] as Node
      const reads = node.inputs.filter(i => ownerOf(graph, plan, i) === input)
      if (reads.length === 0 || index < at) return true
      return index === at && reads.every(i => isElementwise(plan, node, i))
    }),
  )
}

function isElementwise(plan: LaunchPlan, node: Node, read: number): boolean {
  return !isSpecial(node.operator) && readsOnlyIdentity(plan.program(node.id), node.inputs, read, node.shape)
}

function lifetimes(graph: Graph, plan: LaunchPlan, persistent: ReadonlySet<number>, sizeOf: SizeOf): Lifetime[] {
  const found = new Map<number, Lifetime>()
  plan.launches.forEach(({ members }, index) => {
    for (const id of members) {
      for (const input of (graph.nodes[id] as Node).inputs) {
        const lifetime = found.get(ownerOf(graph, plan, input))
        if (lifetime !== undefined) lifetime.to = Math.max(lifetime.to, index)
      }
      if (members.length > 1 && !plan.stored.has(id)) continue
      const to = persistent.has(id) ? Number.POSITIVE_INFINITY : index
      found.set(id, { node: id, bytes: align(sizeOf(graph.nodes[id] as Node) + SLACK), from: index, to })
    }
  })
  return [...found.values()]
}

/** Places lifetimes, largest first, each at the lowest address where nothing that lives meanwhile is. */
function place(items: readonly Lifetime[], base: number, addressOf: Map<number, number>): number {
  const placed: (Lifetime & { readonly address: number })[] = []
  let end = base
  for (const item of [...items].sort((a, b) => b.bytes - a.bytes || a.from - b.from)) {
    const meanwhile = placed.filter(p => p.from <= item.to && item.from <= p.to).sort((a, b) => a.address - b.address)
    let address = base
    for (const other of meanwhile) {
      if (other.address >= address + item.bytes) break
      address = Math.max(address, other.address + other.bytes)
    }
    placed.push({ ...item, address })
    addressOf.set(item.node, address)
    end = Math.max(end, address + item.bytes)
  }
  return end
}

/** Plans addresses from `base` upwards. */
export function planMemory(
  graph: Graph,
  plan: LaunchPlan,
  lowering: Lowering,
  base: number,
  sizeOf: SizeOf,
): MemoryPlan {
  const addressOf = new Map<number, number>()
  let next = align(base)
  for (const node of graph.nodes) {
    if (node.operator !== 'input' && node.operator !== 'constant') continue
    addressOf.set(node.id, next)
    next += align(sizeOf(node) + SLACK)
  }
  const launchOf = new Map(plan.launches.flatMap(({ members }, index) => members.map(id => [id, index] as const)))
  const inPlace = new Map<number, number>()
  const copies: [number, number][] = []
  for (const [to, from] of Object.entries(graph.carries)) {
    const [input, output] = [graph.inputs[to] as number, plan.root(graph.outputs[from] as number)]
    const at = launchOf.get(output)
    const fits =
      lowering === 'fused' && at !== undefined && !inPlace.has(output) && overwritable(graph, plan, input, at)
    if (fits) inPlace.set(output, input)
    else if (output !== input) copies.push([output, input])
  }
  const outputs = new Set(Object.values(graph.outputs).map(plan.root))
  const items = lifetimes(graph, plan, outputs, sizeOf).filter(item => !inPlace.has(item.node))
  const endAddress = place(items, next, addressOf)
  for (const [output, input] of inPlace) addressOf.set(output, addressOf.get(input) as number)
  const copyPlan = copies.map(
    ([from, to]) =>
      [addressOf.get(from) as number, addressOf.get(to) as number, sizeOf(graph.nodes[to] as Node)] as const,
  )
  return { addressOf, copies: copyPlan, endAddress }
}
