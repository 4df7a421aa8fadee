/** What a compiled job takes, counted from its graphs. Operations are the same on every backend: they are what prices are in. */
import { elementCount, type Graph, type Node, operationCount, sizeBytes } from '@cairn/engine'
import type { GraphCost } from '@cairn/protocol'
import { asMatrix, UPDATE_WIDTH } from './outer-graphs.ts'
import type { JobProgram } from './program.ts'

/** Sums the operations of every operator of a graph. */
export function graphOperations({ nodes }: Graph): bigint {
  return nodes.reduce((total, node) => {
    const inputs = node.inputs.map(id => nodes[id] as Node)
    return total + BigInt(operationCount(node.operator, inputs, node, node.attributes))
  }, 0n)
}

/** Counts a program. `stepMemoryBytes` comes from the backend that compiled the inner step. */
export function graphCost({ model, graphs, spec }: JobProgram, stepMemoryBytes: number): GraphCost {
  const parameters = model.parameters.reduce((n, p) => n + elementCount(p.shape), 0)
  const updateBytes = (shape: readonly number[]) => sizeBytes({ dtype: UPDATE_WIDTH, shape: asMatrix(shape) })
  return {
    operationsPerStep: graphOperations(graphs.inner),
    operationsPerOuterStep: graphOperations(graphs.update) + graphOperations(graphs.outer),
    operationsPerEvaluation: graphOperations(graphs.evaluation) * BigInt(spec.evaluation.batches),
    parameters,
    globalStateBytes: 2 * 4 * parameters,
    replicaStateBytes: spec.outer.innerState === 'keep' ? 3 * 4 * parameters : 0,
    stepMemoryBytes,
    updateBytesPerUnit: model.parameters.reduce((n, p) => n + updateBytes(p.shape), 0),
    tokensPerWindow: model.kind === 'language' ? model.context : 1,
  }
}
