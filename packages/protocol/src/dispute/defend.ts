/**
 * The honest defender: shows what its own trace holds, whatever the challenger picks. The same strategy over a false trace
 * is a cheat that sticks to its story.
 */
import { InternalError } from '@cairn/primitives'
import { partialTree, type Rules } from './apply.ts'
import { operatorLeafHash } from './disputed.ts'
import type { DefenderMove } from './moves.ts'
import { childHashes, runParts, wholeTree } from './narrowing.ts'
import type { Position } from './position.ts'
import { NOTHING_SHOWN } from './shown.ts'
import type { Subject } from './subject.ts'
import type { TraceProvider } from './trace.ts'
import { treeIn } from './trace-tree.ts'

/** Shows by which element the operator in question left the domain. */
async function showDivergence(
  { hash, referee }: Rules,
  trace: TraceProvider,
  subject: Subject,
  { firstRun: run, operator }: Position,
): Promise<DefenderMove> {
  const leaves = await trace.leafHashes(subject, { tree: 'operators', run })
  // What follows an operator that left the domain needs no reason of its own.
  if (operator > 0 && leaves[operator - 1] === operatorLeafHash(hash, undefined)) {
    const charge = { kind: 'flag', run, operator, at: operator - 1, shown: NOTHING_SHOWN } as const
    return { move: 'witness', proof: await trace.prove(subject, charge) }
  }
  const flagged = await trace.flagged(subject, run, operator)
  if (flagged === undefined) throw new InternalError('NotFlagged', `operator ${operator} did not leave the domain`)
  const operatorLeaf = await trace.operatorLeaf(subject, operator)
  const facts = referee.operator(subject, operator, operatorLeaf)
  if (flagged.kind === 'index' || !facts?.partials)
    return { move: 'witness', proof: await trace.prove(subject, { ...flagged, run, operator, shown: NOTHING_SHOWN }) }
  const leafHashes = await trace.leafHashes(subject, { tree: 'partials', run, operator, element: flagged.at })
  const hashes = childHashes(hash, partialTree(facts), leafHashes)
  return { move: 'overflow', element: flagged.at, hashes, operatorLeaf }
}

/** Chooses the defender's next move. */
export async function defend(
  rules: Rules,
  trace: TraceProvider,
  subject: Subject,
  position: Position,
): Promise<DefenderMove> {
  const { phase, firstRun, runs, tree, node, operator, tensorRoot } = position
  if (phase === 'runs') {
    const ends = await trace.endRoots(subject)
    return { move: 'runs', roots: runParts(runs).map(part => ends[firstRun + part - 1] as Position['end']) }
  }
  const isNew = phase === 'elements' && tensorRoot === undefined
  if (isNew && node === operatorLeafHash(rules.hash, undefined)) return showDivergence(rules, trace, subject, position)
  const leaf = treeIn(position)
  const isLeaf = (phase === 'elements' || phase === 'partials') && tree.span === 1 && node !== undefined
  if (isLeaf && !isNew) return { move: 'content', content: await trace.leaf(subject, leaf, tree.first) }
  const leafHashes = await trace.leafHashes(subject, leaf)
  if (!isNew) return { move: 'reveal', hashes: childHashes(rules.hash, tree, leafHashes) }
  const operatorLeaf = await trace.operatorLeaf(subject, operator)
  return { move: 'reveal', hashes: childHashes(rules.hash, wholeTree(leafHashes.length), leafHashes), operatorLeaf }
}
