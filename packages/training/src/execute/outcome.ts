/** What execution returns: a value, or the operator at which the job left the domain of cn1. */
import type { GraphName } from '../compile/graph-names.ts'

/** Where a job diverged: the first flagged operator in program order, and the inner step when it was one. */
export interface Divergence {
  readonly graph: GraphName
  readonly operator: string
  readonly step?: number
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diverged: Divergence }
