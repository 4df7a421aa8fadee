/**
 * Where a game stands: plain data, so that it can be hashed, signed and handed to a contract that keeps only its hash.
 * SPEC: docs/spec/disputes.md "Position".
 */
import type { HashHex } from '@cairn/primitives'
import type { Subtree } from './narrowing.ts'
import { wholeTree } from './narrowing.ts'
import type { OperatorFacts } from './referee.ts'
import type { Subject } from './subject.ts'

export type Side = 'defender' | 'challenger'

export type Phase = 'runs' | 'operators' | 'slots' | 'elements' | 'partials'

export interface Position {
  /** Moves made. */
  readonly turn: number
  readonly toMove: Side
  readonly phase: Phase
  /** The runs in question, and the roots before the first and after the last of them. */
  readonly firstRun: number
  readonly runs: number
  readonly previous?: HashHex
  readonly end: HashHex
  /** The part in question of the tree that is being narrowed; its hash, once the root is known. */
  readonly tree: Subtree
  readonly node?: HashHex
  /** Shown by the defender; the challenger picks the first wrong one. In phase `runs`: ends of the parts. */
  readonly children: readonly HashHex[]
  /** Whether the leaf that the tree was narrowed to has been shown whole. */
  readonly isOpen: boolean
  readonly operatorTree?: HashHex
  readonly operator: number
  readonly facts?: OperatorFacts
  /** Whether the defender says that the operator left the domain. */
  readonly isFlagged: boolean
  readonly tensorRoot?: HashHex
  readonly target: number
  readonly element: number
  readonly partialRoot?: HashHex
}

/** The position in which a game begins. The defender shows ends of runs, or of a single run its operators. */
export function openPosition(subject: Subject): Position {
  const { previous, targets, runs, operators } = subject
  return {
    turn: 0,
    toMove: 'defender',
    phase: runs === 1 ? 'operators' : 'runs',
    firstRun: 0,
    runs,
    ...(previous === undefined ? {} : { previous }),
    end: (targets[0] as Subject['targets'][number]).root,
    tree: wholeTree(operators),
    children: [],
    isOpen: false,
    operator: 0,
    isFlagged: false,
    target: 0,
    element: 0,
  }
}
