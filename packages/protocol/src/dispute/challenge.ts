/**
 * The honest challenger: compares what the defender shows with its own trace, picks the first that differs, and proves it
 * wrong. SPEC: docs/spec/disputes.md "An honest challenger".
 */
import type { HashHex } from '@cairn/primitives'
import type { Rules } from './apply.ts'
import { operatorLeafHash } from './disputed.ts'
import type { ChallengerMove } from './moves.ts'
import { childHashes, childSpan, rootOfHashes, runParts } from './narrowing.ts'
import type { Position } from './position.ts'
import type { ProofKind } from './proof.ts'
import type { Shown } from './shown.ts'
import { DIVERGED, type Subject } from './subject.ts'
import type { Charge, TraceProvider } from './trace.ts'
import { treeIn } from './trace-tree.ts'

type Answer = ChallengerMove | { readonly move: 'concede' }

interface Turn extends Rules {
  readonly trace: TraceProvider
  readonly subject: Subject
  readonly position: Position
  readonly shown: Shown
}

/** Nothing the defender showed is wrong. */
const CONCEDE = { move: 'concede' } as const

const firstDifference = (shown: readonly HashHex[], own: readonly HashHex[]): number =>
  shown.findIndex((hash, i) => hash !== own[i])

async function prove(
  { trace, subject, position, shown }: Turn,
  kind: ProofKind,
  at: number,
  rest: Partial<Charge> = {},
): Promise<Answer> {
  const { firstRun: run, operator } = position
  return { move: 'prove', proof: await trace.prove(subject, { kind, run, operator, at, shown, ...rest }) }
}

async function pickRun({ trace, subject, position }: Turn): Promise<Answer> {
  const { firstRun, runs, children } = position
  const ends = await trace.endRoots(subject)
  const own = runParts(runs).map(part => ends[firstRun + part - 1] as HashHex)
  const child = firstDifference(children, own)
  return child < 0 ? CONCEDE : { move: 'pick', child }
}

/** All operators are right: the end must be wrong. */
async function pickEnd(turn: Turn, own: readonly HashHex[]): Promise<Answer> {
  const { hash, trace, subject, position } = turn
  const { firstRun: run, end } = position
  const last = subject.operators - 1
  const isFlagged = own[last] === operatorLeafHash(hash, undefined)
  if (isFlagged !== (end === DIVERGED)) return prove(turn, 'flag', last)
  if (isFlagged) return CONCEDE
  for (const [target, { root, slots }] of subject.targets.entries()) {
    const claimed = subject.targets.length === 1 ? end : root
    const hashes = slots === 0 ? [] : await trace.leafHashes(subject, { tree: 'slots', run, target })
    if (rootOfHashes(hash, hashes) !== claimed) return { move: 'target', target }
  }
  return CONCEDE
}

async function pickOperator(turn: Turn): Promise<Answer> {
  const { hash, trace, subject, position } = turn
  const own = await trace.leafHashes(subject, treeIn(position))
  const child = firstDifference(position.children, childHashes(hash, position.tree, own))
  return child < 0 ? pickEnd(turn, own) : { move: 'pick', child }
}

async function pickSlot(turn: Turn): Promise<Answer> {
  const { hash, trace, subject, position } = turn
  const { tree, children, target } = position
  const own = await trace.leafHashes(subject, treeIn(position))
  const child = firstDifference(children, childHashes(hash, tree, own))
  if (child < 0) return CONCEDE
  return childSpan(tree) > 1 ? { move: 'pick', child } : prove(turn, 'slot', tree.first + child, { target })
}

/** Where two leaves first differ, in elements of a size; a leaf of another length differs at its end at the latest. */
function differingElement(shown: Uint8Array, own: Uint8Array, size: number): number {
  const byte = own.findIndex((value, i) => value !== shown[i])
  if (byte >= 0) return Math.floor(byte / size)
  return shown.length === own.length ? -1 : Math.max(0, Math.ceil(own.length / size) - 1)
}

async function pickElement(turn: Turn): Promise<Answer> {
  const { hash, trace, subject, position } = turn
  const { operator, facts, tree, children, isOpen } = position
  if (facts === undefined) return CONCEDE
  const flagged = await ownFlag(turn)
  if (flagged === 'before') return prove(turn, 'flag', operator - 1)
  if (facts.isCopy) return flagged === undefined ? prove(turn, 'root', 0) : prove(turn, 'element', flagged.at)
  if (flagged?.kind === 'index') return prove(turn, 'index', flagged.at)
  const place = treeIn(position)
  if (!isOpen) {
    const own = childHashes(hash, tree, await trace.leafHashes(subject, place))
    const wanted = flagged === undefined ? undefined : Math.floor(flagged.at / facts.perLeaf)
    const child =
      wanted === undefined ? firstDifference(children, own) : Math.floor((wanted - tree.first) / childSpan(tree))
    return child < 0 ? CONCEDE : { move: 'pick', child }
  }
  const own = await trace.leaf(subject, place, tree.first)
  const differing = differingElement(turn.shown.elementLeaf as Uint8Array, own, facts.elementBytes)
  const element = flagged?.at ?? tree.first * facts.perLeaf + differing
  if (flagged === undefined && differing < 0) return CONCEDE
  return facts.partials > 0 ? { move: 'element', element } : prove(turn, 'element', element)
}

/** Whether the operator in question left the domain by the challenger's own trace, or one before it did. */
async function ownFlag({ hash, trace, subject, position }: Turn) {
  const { firstRun: run, operator } = position
  const own = await trace.leafHashes(subject, { tree: 'operators', run })
  const flag = operatorLeafHash(hash, undefined)
  if (own[operator] !== flag) return undefined
  return own[operator - 1] === flag ? 'before' : trace.flagged(subject, run, operator)
}

async function pickPartial(turn: Turn): Promise<Answer> {
  const { hash, trace, subject, position } = turn
  const { tree, children, isOpen, element, facts } = position
  if (facts === undefined) return CONCEDE
  const place = treeIn(position)
  if (!isOpen) {
    const child = firstDifference(children, childHashes(hash, tree, await trace.leafHashes(subject, place)))
    return { move: 'pick', child: child < 0 ? children.length - 1 : child }
  }
  const own = await trace.leaf(subject, place, tree.first)
  const differing = differingElement(turn.shown.partialLeaf as Uint8Array, own, facts.partialBytes)
  const first = tree.first * facts.partialsPerLeaf
  if (differing >= 0) return prove(turn, 'partial', first + differing, { element })
  return prove(turn, 'value', facts.partials - 1, { element })
}

/** Chooses the challenger's next move. */
export function challenge(
  rules: Rules,
  trace: TraceProvider,
  subject: Subject,
  position: Position,
  shown: Shown,
): Promise<Answer> {
  const turn = { ...rules, trace, subject, position, shown }
  if (position.phase === 'runs') return pickRun(turn)
  if (position.phase === 'operators') return pickOperator(turn)
  if (position.phase === 'slots') return pickSlot(turn)
  return position.phase === 'elements' ? pickElement(turn) : pickPartial(turn)
}
