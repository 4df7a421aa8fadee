/** Cheats at the end of a unit and in the outer step: an update that comes of no work, and states that do not follow. */
import type { Graph, Node } from '@cairn/engine'
import { philox4x32 } from '@cairn/primitives'
import type { Cheat } from './cheat.ts'
import { allDoubled } from './words.ts'

const once = { firstStep: () => 0 }
const always = () => true

/** Operators whose outputs have names with a prefix, in program order. */
const outputsNamed = ({ outputs }: Graph, prefix: string): number[] =>
  Object.entries(outputs)
    .filter(([name]) => name.startsWith(prefix))
    .map(([, id]) => id)
    .sort((a, b) => a - b)

const BLOCK = 32
/** Of the scale of a made-up update: about what one looks like. */
const SCALE_EXPONENT = -16

/** A quantised update of random mantissas: it has the form of an update. */
function randomBlocks({ id }: Node, { length }: Uint8Array): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => {
    if (i % (BLOCK + 1) === BLOCK) return SCALE_EXPONENT & 255
    return ((philox4x32([i, id, 0, 0], [1, 2])[0] % 255) - 127) & 255
  })
}

export const roundCheats: readonly Cheat[] = [
  {
    name: 'random-update',
    description: 'does all steps, but sends random numbers for an update',
    graph: 'update',
    ...once,
    lie: (_, graph) => ({
      about: 'outputs',
      isIn: always,
      operators: outputsNamed(graph, 'update0/'),
      needsHonest: true,
      bytesOf: (node, { honest }) => randomBlocks(node, honest),
    }),
  },
  {
    name: 'wrong-error-feedback',
    description: 'keeps twice the rounding error of one parameter tensor for its next update',
    graph: 'update',
    ...once,
    lie: (_, graph) => ({
      about: 'outputs',
      isIn: always,
      operators: outputsNamed(graph, 'next/').slice(0, 1),
      needsHonest: true,
      bytesOf: (_node, { honest }) => allDoubled(honest),
    }),
  },
  {
    name: 'wrong-outer-step',
    description: 'leaves one parameter tensor as it was in the outer step',
    graph: 'outer',
    ...once,
    lie: (_, graph) => {
      const [name] = Object.keys(graph.carries).filter(input => !input.startsWith('momentum/')) as [string]
      return {
        about: 'outputs',
        isIn: always,
        operators: [graph.outputs[graph.carries[name] as string] as number],
        needsHonest: false,
        bytesOf: (_node, { read }) => read(name),
      }
    },
  },
]
