/** What `main.ts` hands to a suite, and what a suite is. */
import type { Row } from './rows.ts'

export interface SuiteOptions {
  /** How often every contestant is measured; figures are medians. */
  readonly rounds: number
  /** Cases to measure; all where empty. */
  readonly cases: readonly string[]
  /** Says what is going on, on standard error. */
  readonly log: (line: string) => void
}

export type Suite = (options: SuiteOptions) => Promise<Row[]>
