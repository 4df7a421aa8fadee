/**
 * What an honest party needs of a trace, on demand, by doing the work again. Protocol knows nothing of tensors: this
 * interface is all it sees of them. SPEC: architecture.md "Floors"; docs/spec/traces.md.
 */
import type { HashHex } from '@cairn/primitives'
import type { Opening, Proof, ProofKind } from './proof.ts'
import type { Shown } from './shown.ts'
import type { Subject } from './subject.ts'

/** A tree under one run of a subject; runs count from 0. */
export type TraceTree =
  | { readonly tree: 'operators'; readonly run: number }
  | { readonly tree: 'slots'; readonly run: number; readonly target: number }
  | { readonly tree: 'elements'; readonly run: number; readonly operator: number }
  | { readonly tree: 'partials'; readonly run: number; readonly operator: number; readonly element: number }

/** What is to be proven. */
export interface Charge {
  readonly kind: ProofKind
  readonly run: number
  /** The operator, for all kinds but `slot`. */
  readonly operator?: number
  /** Of a `slot`. */
  readonly target?: number
  /** Number of the element, block, index, partial result or slot. */
  readonly at: number
  /** The element whose partial results are disputed. */
  readonly element?: number
  /** What the defender showed on the way here; nothing when it proves something itself. */
  readonly shown: Shown
}

export interface TraceProvider {
  /** Ends of all runs of the subject, in order: roots of target 0, `DIVERGED` from the run on that left the domain. */
  endRoots(subject: Subject): Promise<readonly HashHex[]>
  /** Hashes of all leaves of a tree. Of a flagged operator's elements too: they are computed all the same. */
  leafHashes(subject: Subject, tree: TraceTree): Promise<readonly HashHex[]>
  /** One leaf of a tree. */
  leaf(subject: Subject, tree: TraceTree, index: number): Promise<Uint8Array>
  /** An operator's leaf of the program, with its way up. */
  operatorLeaf(subject: Subject, operator: number): Promise<Opening>
  /** The element (block, index) that makes an operator leave the domain, if one does. */
  flagged(
    subject: Subject,
    run: number,
    operator: number,
  ): Promise<{ kind: 'element' | 'index'; at: number } | undefined>
  /** Builds a proof; the charge has to be true. */
  prove(subject: Subject, charge: Charge): Promise<Proof>
}
