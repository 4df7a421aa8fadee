/** What every case of the suite is given, and how it reports. */
import { alone, type Row } from '../rows.ts'
import type { Scope } from './scope.ts'

/** What a person may shorten. */
interface NetworkOptions {
  /** Rounds of the demo job; those of its file where left out. */
  readonly rounds?: number
  /** Measurements of each figure of which the median is reported. */
  readonly repeats: number
  /** Node identities that one coordinator leases to. */
  readonly nodes: number
  /** How long it leases to them. */
  readonly seconds: number
  /** Units of a round; as many as nodes where left out. */
  readonly replicas?: number
  /** Directory for a CPU profile of the coordinator. */
  readonly profile?: string
}

export interface CaseContext {
  readonly options: NetworkOptions
  readonly scope: Scope
  readonly log: (line: string) => void
}

export type RunCase = (context: CaseContext) => Promise<Row[]>

/** Makes rows of one case that have no peer. */
export const rowsFor =
  (name: string) =>
  (metric: string, unit: string, value: number): Row =>
    alone({ suite: 'network', case: name, metric, unit, value })
