/** Where a game ended, in words that people can look up in the program. */
import type { Subject } from '@cairn/protocol'
import type { JobProgram } from '@cairn/training'
import type { PlayedOnChain } from '../disputes/play-on-chain.ts'

/** Names an operator by what it is and, if it is one, which input or output. */
function operatorName({ graphs }: JobProgram, graph: Subject['graph'], operator: number): string {
  const { nodes, inputs, outputs } = graphs[graph]
  const named = Object.entries({ ...outputs, ...inputs }).find(([, id]) => id === operator)?.[0]
  const kind = nodes[operator]?.operator
  return named === undefined ? `${kind}` : `${kind} ${named}`
}

/** Says what the last proof was about: graph, step, operator, element, partial result. */
export function verdictOf(program: JobProgram, subject: Subject, { position, path }: PlayedOnChain): string {
  const { graph, firstStep } = subject
  const { firstRun, operator, phase, element } = position
  const step = graph === 'inner' ? ` step ${firstStep + firstRun}` : ''
  const last = path.at(-1)
  const proof = last?.move === 'prove' || last?.move === 'witness' ? last.proof : undefined
  const name = phase === 'elements' || phase === 'partials' ? `: ${operatorName(program, graph, operator)}` : ''
  const partial = phase === 'partials' ? ` of element ${element}` : ''
  return `${graph}${step}${name}${proof ? `, ${proof.kind} ${proof.at}${partial}` : ''}`
}
