/** Moves of a dispute for people: who said what, and what is in question after it. SPEC: docs/spec/disputes.md "Moves". */
import type { Move, Position, Subject } from '@cairn/protocol'
import { runsOf } from '../network/work-names.ts'
import { formatCount, plural } from './format.ts'

const TREES: Readonly<Record<Position['phase'], string>> = {
  runs: 'steps',
  operators: 'operators',
  slots: 'tensors of the end',
  elements: 'leaves of the tensor',
  partials: 'leaves of partial results',
}

/** What is in question in a position. */
export function questionOf(subject: Subject, position: Position): string {
  const { phase, firstRun, runs, tree, operator, element, tensorRoot } = position
  if (phase === 'runs') return runsOf(subject, firstRun, runs)
  // Until its tensor is shown, the tree is still that of the operators.
  if (phase === 'elements' && tensorRoot === undefined) return `operator ${operator}`
  const { first, span, leaves } = tree
  const last = Math.min(first + span, leaves) - 1
  const part = `${first === last ? first : `${first} to ${last}`} of ${formatCount(leaves)} ${TREES[phase]}`
  if (phase === 'elements') return `operator ${operator}: ${part}`
  return phase === 'partials'
    ? `operator ${operator}, element ${element}: ${part}`
    : `${runsOf(subject, firstRun, 1)}: ${part}`
}

/** What a move says. */
export function moveInWords(move: Move): string {
  if (move.move === 'runs') return `shows ${plural(move.roots.length, 'end')} of steps`
  if (move.move === 'reveal') return `shows ${plural(move.hashes.length, 'hash')}`.replace(/hashs$/, 'hashes')
  if (move.move === 'content') return `shows the leaf, ${plural(move.content.length, 'byte')}`
  if (move.move === 'pick') return `says that part ${move.child} is the first wrong one`
  if (move.move === 'target') return `says that end ${move.target} does not follow`
  if (move.move === 'element') return `says that element ${move.element} is wrong`
  return move.move === 'overflow' ? `says that element ${move.element} overflowed` : `makes its last move: ${move.move}`
}
