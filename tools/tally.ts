/** Sums up test reports in the JSON format that vitest shares with Jest, for the last line of `.ci/run`. */

/** The part of a report that is counted. */
export interface TestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

export interface Tally {
  readonly passed: number
  readonly failed: number
}

/**
 * Adds up reports. A file that failed before its first test counts as one failure, and so does every skipped or
 * planned test: a test that does not run says nothing.
 */
export function tally(reports: readonly TestReport[]): Tally {
  const sum = (count: (report: TestReport) => number) => reports.reduce((total, report) => total + count(report), 0)
  return {
    passed: sum(report => report.numPassedTests),
    failed: sum(report => report.numFailedTests + report.numPendingTests + report.numTodoTests + brokenFiles(report)),
  }
}

const brokenFiles = ({ testResults }: TestReport): number =>
  testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length
