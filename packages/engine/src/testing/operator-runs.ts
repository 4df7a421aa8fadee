/**
 * Runs of single operators with all that they read and wrote, from the cases of the conformance suite: what a dispute
 * about an operator is judged from. Used by tests only.
 */
import { reference } from '../backend/reference/backend.ts'
import { operatorCases, type Sizes } from '../conformance/cases.ts'
import { expectationOf } from '../conformance/compare.ts'
import { divergingCases } from '../conformance/diverging-cases.ts'
import type { ConformanceCase } from '../conformance/sketch.ts'
import type { Random } from '../conformance/values.ts'
import type { Graph, Node } from '../graph.ts'
import type { OperatorName } from '../operators/attributes.ts'
import { separateTransposes } from '../separate-transposes.ts'

/** One operator of a run that came to it. */
export interface OperatorRun {
  readonly name: string
  readonly graph: Graph
  readonly node: Node
  /** Bytes of its inputs. */
  readonly tensors: readonly Uint8Array[]
  /** Bytes of its output; none where it left the domain. */
  readonly output?: Uint8Array
}

async function runsOf(c: ConformanceCase, operator: OperatorName): Promise<readonly OperatorRun[]> {
  const graph = separateTransposes(c.graph)
  const { runs } = await expectationOf({ ...c, graph }, reference)
  const seen = new Map(runs[0]?.visits)
  const flagged = runs[0]?.result.ok === false ? runs[0].result.operator : undefined
  return graph.nodes.flatMap(node => {
    const output = seen.get(node.id)
    if (node.operator !== operator || (output === undefined && node.id !== flagged)) return []
    const tensors = node.inputs.map(id => seen.get(id) as Uint8Array)
    return [{ name: c.name, graph, node, tensors, ...(output === undefined ? {} : { output }) }]
  })
}

/** Runs all cases of an operator, those that leave the domain included. */
export async function operatorRuns(operator: OperatorName, r: Random, sizes: Sizes): Promise<readonly OperatorRun[]> {
  const cases = [...operatorCases(operator, r, sizes), ...divergingCases(operator, r, true)]
  return (await Promise.all(cases.map(c => runsOf(c, operator)))).flat()
}
