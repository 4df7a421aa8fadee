import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openResults, type Result } from './results.ts'

const result: Result = { model: 'characters', way: 'mx8', seed: 1, steps: 9, validationLoss: 2.5, seconds: 3 }

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-results-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('results are found again by the key they were added under', () => {
  const file = join(folder, 'results.jsonl')
  openResults(file).add('a', result)
  expect(openResults(file).find('a')).toEqual(result)
  expect(openResults(file).find('b')).toBeUndefined()
})

test('a line that was cut short is measured again, and does not spoil the next', () => {
  const file = join(folder, 'results.jsonl')
  openResults(file).add('a', result)
  appendFileSync(file, '{"key":"b","model":"chara')
  const results = openResults(file)
  expect(results.find('b')).toBeUndefined()
  results.add('b', { ...result, seed: 2 })
  expect(openResults(file).find('a')).toEqual(result)
  expect(openResults(file).find('b')).toEqual({ ...result, seed: 2 })
  expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(4)
})

test('without a file results are remembered for as long as the run lasts', () => {
  const results = openResults(undefined)
  results.add('a', result)
  expect(results.find('a')).toEqual(result)
})
