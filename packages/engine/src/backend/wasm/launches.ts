/**
 * Lowering: from a graph to an ordered list of launches. A launch is one fused group of map operators or one operator
 * with a kernel of its own. Fusion joins a map operator with producers of its own shape that it reads element by
 * element, as long as no other launch would have to run in between.
 */
import type { Lowering } from '../../backend.ts'
import type { Graph, Node } from '../../graph.ts'
import { isSpecial } from '../../operators/operation-counts.ts'
import type { ElementProgram } from '../../scalar/program.ts'
import { sameShape } from '../../tensor-type.ts'
import { programOf, readsOnlyIdentity } from './fused-program.ts'

export interface Launch {
  /** Ascending node ids; more than one only for fused map operators. */
  readonly members: readonly number[]
}

export interface LaunchPlan {
  readonly launches: readonly Launch[]
  /** Map nodes whose values must be stored. */
  readonly stored: ReadonlySet<number>
  /** Nodes that only rename another node's memory, and views folded into a consumer. */
  readonly root: (node: number) => number
  readonly program: (node: number) => ElementProgram
  /** Permutations that a `quantise` reads through, without a copy. */
  readonly folded: ReadonlySet<number>
}

const withoutKernel = new Set(['input', 'constant', 'reshape'])

function memoised<T>(compute: (node: number) => T): (node: number) => T {
  const cache = new Map<number, T>()
  return node => {
    const known = cache.get(node)
    if (known !== undefined) return known
    const value = compute(node)
    cache.set(node, value)
    return value
  }
}

function consumersOf(graph: Graph): number[][] {
  const consumers: number[][] = graph.nodes.map(() => [])
  for (const node of graph.nodes) for (const input of new Set(node.inputs)) consumers[input]?.push(node.id)
  return consumers
}

/** Permutations whose every consumer quantises them along an axis that stays contiguous. */
function foldedPermutations(graph: Graph, consumers: readonly number[][], kept: ReadonlySet<number>): Set<number> {
  const folds = (node: Node) => {
    if (node.operator !== 'permute' || kept.has(node.id)) return false
    const { order } = node.attributes as { order: readonly number[] }
    const last = order.length - 1
    // The innermost axis of the source must be one of the two matrix axes, or no stride would be 1.
    if (order[last] !== last && order[last - 1] !== last) return false
    return (consumers[node.id] as number[]).every(user => graph.nodes[user]?.operator === 'quantise')
  }
  return new Set(graph.nodes.filter(folds).map(node => node.id))
}

/** Groups under construction, with the edges between them for cycle checks. */
interface Groups {
  readonly of: number[]
  readonly members: Map<number, number[]>
}

/** Tells whether `to` can be reached from `from` along edges between groups, other than by the direct edge. */
function reachesIndirectly(groups: Groups, consumers: readonly number[][], from: number, to: number): boolean {
  const highest = (groups.members.get(to) as number[]).at(-1) as number
  const seen = new Set<number>([from])
  const stack: number[] = []
  const visit = (group: number) => {
    for (const member of groups.members.get(group) as number[]) {
      for (const user of consumers[member] as number[]) {
        const next = groups.of[user] as number
        if (next === group || seen.has(next)) continue
        if (next === to) {
          if (group !== from) return true
          continue
        }
        if (((groups.members.get(next) as number[])[0] as number) > highest) continue
        seen.add(next)
        stack.push(next)
      }
    }
    return false
  }
  if (visit(from)) return true
  for (let group = stack.pop(); group !== undefined; group = stack.pop()) if (visit(group)) return true
  return false
}

function mergeGroups(
  graph: Graph,
  consumers: readonly number[][],
  program: (n: number) => ElementProgram,
  isMap: (n: number) => boolean,
): Groups {
  const groups: Groups = { of: graph.nodes.map(n => n.id), members: new Map(graph.nodes.map(n => [n.id, [n.id]])) }
  const identityOnly = (producers: readonly number[], users: readonly number[]) =>
    producers.every(p =>
      users.every(u => {
        const node = graph.nodes[u] as Node
        return !node.inputs.includes(p) || readsOnlyIdentity(program(u), node.inputs, p, node.shape)
      }),
    )
  for (const node of graph.nodes) {
    if (!isMap(node.id)) continue
    for (const input of node.inputs) {
      const [mine, theirs] = [groups.of[node.id] as number, groups.of[input] as number]
      if (mine === theirs || !isMap(input) || !sameShape((graph.nodes[input] as Node).shape, node.shape)) continue
      const [a, b] = [groups.members.get(theirs) as number[], groups.members.get(mine) as number[]]
      if (!identityOnly(a, b) || !identityOnly(b, a)) continue
      if (reachesIndirectly(groups, consumers, theirs, mine) || reachesIndirectly(groups, consumers, mine, theirs))
        continue
      const merged = [...a, ...b].sort((x, y) => x - y)
      for (const member of merged) groups.of[member] = mine
      groups.members.set(mine, merged)
      groups.members.delete(theirs)
    }
  }
  return groups
}

/** Orders groups so that producers come first, otherwise by their last member: close to program order. */
function order(graph: Graph, groups: Groups): Launch[] {
  const done = new Set<number>()
  const launches: Launch[] = []
  const visit = (group: number) => {
    if (done.has(group)) return
    done.add(group)
    const members = groups.members.get(group) as number[]
    for (const member of members)
      for (const input of (graph.nodes[member] as Node).inputs) visit(groups.of[input] as number)
    launches.push({ members })
  }
  const byLastMember = [...groups.members].sort(([, a], [, b]) => (a.at(-1) as number) - (b.at(-1) as number))
  for (const [group] of byLastMember) visit(group)
  return launches
}

/** Plans the launches of a graph. */
export function planLaunches(graph: Graph, lowering: Lowering): LaunchPlan {
  const consumers = consumersOf(graph)
  const root: (node: number) => number = memoised(id => {
    const node = graph.nodes[id] as Node
    return node.operator === 'reshape' ? root(node.inputs[0] as number) : id
  })
  const outputs = new Set(Object.values(graph.outputs).map(root))
  const program = memoised(id => programOf(graph, graph.nodes[id] as Node))
  const folded = lowering === 'fused' ? foldedPermutations(graph, consumers, outputs) : new Set<number>()
  const isMap = (id: number) => !isSpecial((graph.nodes[id] as Node).operator) && !folded.has(id)
  const groups =
    lowering === 'fused'
      ? mergeGroups(graph, consumers, program, isMap)
      : { of: graph.nodes.map(n => n.id), members: new Map(graph.nodes.map(n => [n.id, [n.id]])) }
  const hasKernel = ({ members }: Launch) => {
    const id = members[0] as number
    return !withoutKernel.has((graph.nodes[id] as Node).operator) && !folded.has(id)
  }
  const launches = order(graph, groups).filter(hasKernel)
  const usedOutside = (id: number) => (consumers[id] as number[]).some(user => groups.of[user] !== groups.of[id])
  const stored = new Set(
    graph.nodes.map(n => n.id).filter(id => lowering !== 'fused' || outputs.has(id) || usedOutside(id)),
  )
  return { launches, stored, root, program, folded }
}
