import { describe, expect, test } from 'vitest'
import { type TestReport, tally } from './tally.ts'

const clean: TestReport = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [{ status: 'passed', assertionResults: [1, 2, 3] }],
}

describe('tally', () => {
  test('sums all runners', () => {
    expect(tally([clean, { ...clean, numFailedTests: 2 }])).toEqual({ passed: 6, failed: 2 })
    expect(tally([])).toEqual({ passed: 0, failed: 0 })
  })

  test('counts skipped and planned tests as failures', () => {
    expect(tally([{ ...clean, numPendingTests: 1, numTodoTests: 1 }])).toEqual({ passed: 3, failed: 2 })
  })

  test('counts a file that broke before its first test once', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [1] },
    ]
    expect(tally([{ ...clean, numFailedTests: 1, testResults }])).toEqual({ passed: 3, failed: 2 })
  })
})
