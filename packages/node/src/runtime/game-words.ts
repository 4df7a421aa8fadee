/** Moves of a dispute in words that a person understands. SPEC: docs/spec/disputes.md "Moves". */
import type { Move, Phase, Position, Proof, Subject, SubjectGraph } from '@cairn/protocol'

/** Where a move is made. */
interface Place {
  readonly subject: Pick<Subject, 'graph' | 'firstStep'>
  readonly position: Position
}

type Words = { readonly [K in Move['move']]: (move: Extract<Move, { move: K }>, place: Place) => string }

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`

/** What one run of a graph is. */
const RUNS: Readonly<Record<SubjectGraph, (number: number) => string>> = {
  initial: () => 'the initial state',
  inner: number => `step ${number}`,
  update: () => "the unit's update",
  outer: () => 'the outer step',
  evaluation: number => `batch ${number} of the evaluation`,
}

/** Names a run; steps are counted from the job's first one, which is 1. */
const run = ({ subject: { graph, firstStep } }: Place, number: number): string => RUNS[graph](firstStep + number + 1)

/** What is narrowed in a phase. */
const NARROWED: Readonly<Record<Phase, (place: Place) => string>> = {
  runs(place) {
    const { firstRun, runs } = place.position
    return `${run(place, firstRun)} to ${run(place, firstRun + runs - 1)}`
  },
  operators(place) {
    const { tree, firstRun } = place.position
    const last = Math.min(tree.leaves, tree.first + tree.span) - 1
    return `operators ${tree.first} to ${last} of ${run(place, firstRun)}`
  },
  slots: place =>
    `the tensors that ${run(place, place.position.firstRun)} leaves behind (end ${place.position.target})`,
  elements: ({ position: { operator } }) => `what operator ${operator} computed`,
  partials: ({ position: { element, operator } }) => `how element ${element} of operator ${operator} was summed up`,
}

const PROOFS: Readonly<Record<Proof['kind'], string>> = {
  root: 'the tensor is not the one that it is a copy of',
  element: 'the element comes to another value',
  index: 'an index names no row',
  partial: 'the partial result comes to another value',
  value: 'the element is not what its last partial result makes',
  slot: 'the end holds another tensor than the operators yield',
  flag: 'the operator left the domain, or the one before it did',
}

const WORDS: Words = {
  runs: ({ roots }, place) => `shows where ${count(roots.length, 'part')} of ${NARROWED.runs(place)} end`,
  reveal: ({ hashes }, place) =>
    `shows the hashes of ${count(hashes.length, 'part')} of ${NARROWED[place.position.phase](place)}`,
  content: ({ content }, place) => `shows ${count(content.length, 'byte')} of ${NARROWED[place.position.phase](place)}`,
  witness: (_, { position: { operator } }) => `proves that operator ${operator} left the domain`,
  overflow: ({ element }, { position: { operator } }) => `says that operator ${operator} left the domain at ${element}`,
  pick: ({ child }, { position: { children } }) =>
    `says that part ${child + 1} of ${children.length} is the first wrong one`,
  target: ({ target }) => `says that all operators are right, but what is left behind is not (end ${target})`,
  element: ({ element }) => `says that element ${element} is wrong`,
  prove: ({ proof }) => `proves it wrong: ${PROOFS[proof.kind]}`,
  concede: () => 'gives up',
}

/** Says what a move in a position does. */
export const moveInWords = (place: Place, move: Move): string =>
  (WORDS[move.move] as (move: Move, place: Place) => string)(move, place)
