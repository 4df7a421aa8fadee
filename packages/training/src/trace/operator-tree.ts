/** The operator tree of a run: one leaf an operator, its tensor's root or that it left the domain. Only roots are kept. */
import type { Node } from '@cairn/engine'
import { type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import { operatorLeafHash, tensorRoot } from '@cairn/protocol'
import type { ReExecution } from './re-execution.ts'

export interface OperatorTree {
  readonly leafHashes: readonly HashHex[]
  /** Undefined from the operator on that left the domain. */
  readonly roots: readonly (HashHex | undefined)[]
  /** The operator that left the domain. */
  readonly flagged?: number
}

/** Does a run and hashes every operator's output. */
export async function operatorTree(work: ReExecution, run: number, hash: HashFunction): Promise<OperatorTree> {
  const { nodes } = work.graph.program.graphs[work.graph.graph]
  const roots = new Array<HashHex | undefined>(nodes.length).fill(undefined)
  const result = await work.visit(run, (id, bytes) => {
    const { operator, dtype, inputs } = nodes[id] as Node
    const same = operator === 'reshape' ? roots[inputs[0] as number] : undefined
    roots[id] = same ?? hashToHex(tensorRoot(hash, dtype, bytes))
  })
  const leafHashes = roots.map(root => operatorLeafHash(hash, root))
  return { leafHashes, roots, ...(result.ok ? {} : { flagged: result.operator as number }) }
}
