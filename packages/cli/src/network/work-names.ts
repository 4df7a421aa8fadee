/** What the work of a round is called: units, and the steps of one. */
import type { Subject, SubjectGraph } from '@cairn/protocol'

/** Names a unit by its number in its round: the replica's, or after them the evaluation. */
export const unitName = (index: number, replicas: number): string =>
  index === replicas ? 'evaluation' : `replica ${index}`

type Run = (first: number, last: number) => string
const range = (noun: string, many: string, first: number, last: number): string =>
  first === last ? `${noun} ${first}` : `${many} ${first} to ${last}`

/** Steps are counted from the job's first one, which is 1; so are batches of an evaluation. */
const RUNS: Readonly<Record<SubjectGraph, Run>> = {
  initial: () => 'the initial state',
  inner: (first, last) => `${range('step', 'steps', first, last)} of the job`,
  update: () => 'what the unit leaves behind',
  outer: () => 'the outer step',
  evaluation: (first, last) => `${range('batch', 'batches', first, last)} of the evaluation`,
}

/** Names runs of a subject; its own first one is 0. */
export const runsOf = ({ graph, firstStep }: Subject, first: number, runs: number): string =>
  RUNS[graph](firstStep + first + 1, firstStep + first + runs)
