/**
 * Games between their form in `protocol` and the one that contracts read: a root that is not there is zero, kinds are
 * numbers. SPEC: docs/spec/disputes.md "On the chain"; twin of solidity/dispute/GameTypes.sol.
 * Not here: moves (`move-form.ts`).
 */
import type { HashHex } from '@cairn/primitives'
import {
  type Disputed,
  GRAPHS,
  type JobId,
  type OperatorFacts,
  type Phase,
  type Position,
  type Subject,
} from '@cairn/protocol'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'

type Hex = `0x${string}`

const PHASES: readonly Phase[] = ['runs', 'operators', 'slots', 'elements', 'partials']

/** A root that is not there. */
export const NO_ROOT: Hex = `0x${'0'.repeat(64)}`

const root = (hash: HashHex | undefined): Hex => (hash === undefined ? NO_ROOT : toBytes32(hash))
export const roots = (hashes: readonly HashHex[]): readonly Hex[] => hashes.map(toBytes32)
const hashOf = (word: Hex): HashHex | undefined => (word === NO_ROOT ? undefined : fromBytes32(word))

/** Leaves a key out where it has no value. */
export const known = <Key extends string, T>(key: Key, value: T | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: T }

export const subjectForm = (s: Subject) => ({
  job: toBytes32(s.job),
  round: s.round,
  replica: s.replica,
  seed: s.seed,
  innerSteps: s.innerSteps,
  programRoot: toBytes32(s.programRoot),
  programLeaves: s.programLeaves,
  graph: GRAPHS.indexOf(s.graph),
  firstOperator: s.firstOperator,
  operators: s.operators,
  previous: root(s.previous),
  globalRoot: toBytes32(s.globalRoot),
  replicaRoot: toBytes32(s.replicaRoot),
  updateRoots: roots(s.updateRoots),
  dataRoot: toBytes32(s.dataRoot),
  firstStep: s.firstStep,
  runs: s.runs,
  targets: s.targets.map(({ firstSlot, slots, root: end }) => ({ firstSlot, slots, root: toBytes32(end) })),
})

type SubjectForm = Omit<ReturnType<typeof subjectForm>, 'targets'> & {
  readonly targets: readonly { readonly firstSlot: number; readonly slots: number; readonly root: Hex }[]
}

/** Reads a subject that a contract wrote down. */
export const subjectOf = (s: SubjectForm): Subject => ({
  job: fromBytes32<JobId>(s.job),
  round: s.round,
  replica: s.replica,
  seed: s.seed,
  innerSteps: s.innerSteps,
  programRoot: fromBytes32(s.programRoot),
  programLeaves: s.programLeaves,
  graph: GRAPHS[s.graph] as Subject['graph'],
  firstOperator: s.firstOperator,
  operators: s.operators,
  ...known('previous', hashOf(s.previous)),
  globalRoot: fromBytes32(s.globalRoot),
  replicaRoot: fromBytes32(s.replicaRoot),
  updateRoots: s.updateRoots.map(word => fromBytes32(word)),
  dataRoot: fromBytes32(s.dataRoot),
  firstStep: s.firstStep,
  runs: s.runs,
  targets: s.targets.map(({ firstSlot, slots, root: end }) => ({ firstSlot, slots, root: fromBytes32(end) })),
})

const NO_FACTS: OperatorFacts = {
  leaves: 0,
  elements: 0,
  perLeaf: 0,
  elementBytes: 0,
  partials: 0,
  partialsPerLeaf: 0,
  partialBytes: 0,
  isCopy: false,
}

export const positionForm = (p: Position) => ({
  turn: p.turn,
  isDefenders: p.toMove === 'defender',
  phase: PHASES.indexOf(p.phase),
  firstRun: p.firstRun,
  runs: p.runs,
  previous: root(p.previous),
  end: toBytes32(p.end),
  leaves: p.tree.leaves,
  first: p.tree.first,
  span: p.tree.span,
  node: root(p.node),
  children: roots(p.children),
  isOpen: p.isOpen,
  operatorTree: root(p.operatorTree),
  operator: p.operator,
  facts: p.facts ?? NO_FACTS,
  isFlagged: p.isFlagged,
  tensorRoot: root(p.tensorRoot),
  target: p.target,
  element: p.element,
  partialRoot: root(p.partialRoot),
})

/** As a contract returns it: it does not know what elements take in bytes. */
type PositionForm = Omit<ReturnType<typeof positionForm>, 'facts'> & {
  readonly facts: Omit<OperatorFacts, 'elementBytes' | 'partialBytes'>
}

/** Reads a position that a contract returned. What an atom takes in bytes follows from how many are in a leaf. */
export function positionOf(p: PositionForm): Position {
  const { perLeaf } = p.facts
  const elementBytes = perLeaf === 0 ? 0 : Math.floor(4096 / perLeaf)
  return {
    turn: p.turn,
    toMove: p.isDefenders ? 'defender' : 'challenger',
    phase: PHASES[p.phase] as Phase,
    firstRun: p.firstRun,
    runs: p.runs,
    ...known('previous', hashOf(p.previous)),
    end: fromBytes32(p.end),
    tree: { leaves: p.leaves, first: p.first, span: p.span },
    ...known('node', hashOf(p.node)),
    children: p.children.map(word => fromBytes32(word)),
    isOpen: p.isOpen,
    ...known('operatorTree', hashOf(p.operatorTree)),
    operator: p.operator,
    ...(perLeaf === 0 ? {} : { facts: { ...p.facts, elementBytes, partialBytes: 4 } }),
    isFlagged: p.isFlagged,
    ...known('tensorRoot', hashOf(p.tensorRoot)),
    target: p.target,
    element: p.element,
    ...known('partialRoot', hashOf(p.partialRoot)),
  }
}

export const disputedForm = (d: Disputed) => ({
  run: d.run,
  previous: root(d.previous),
  end: toBytes32(d.end),
  target: d.target,
  operatorTree: root(d.operatorTree),
  operator: d.operator,
  leafHash: root(d.leafHash),
  leaf: d.leaf,
  tensorRoot: root(d.tensorRoot),
  element: d.element,
  partialRoot: root(d.partialRoot),
  isFlagged: d.isFlagged,
})
