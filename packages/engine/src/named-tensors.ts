/** Looking tensors up by name at the border of an executable. */
import { InputError } from '@cairn/primitives'
import type { Graph, Node } from './graph.ts'
import { sizeBytes } from './quantised-layout.ts'

/** Looks a name up among the graph's inputs and outputs. */
export function namedNode(graph: Graph, name: string): Node {
  const id = graph.inputs[name] ?? graph.outputs[name]
  if (id === undefined) {
    const known = [...Object.keys(graph.inputs), ...Object.keys(graph.outputs)].join(', ')
    throw new InputError('UnknownTensor', `the graph has no tensor named ${name}`, { expected: known, found: name })
  }
  return graph.nodes[id] as Node
}

/** Checks that bytes given for an input have its size. */
export function checkSize(node: Node, name: string, bytes: Uint8Array): void {
  if (bytes.length === sizeBytes(node)) return
  throw new InputError('TensorSize', `${name} has the wrong size`, {
    path: name,
    expected: `${sizeBytes(node)} bytes (${node.dtype}[${node.shape.join()}])`,
    found: `${bytes.length} bytes`,
  })
}
