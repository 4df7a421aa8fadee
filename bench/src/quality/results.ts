/** Results of runs, kept in a file of JSON lines as they come, so that a killed benchmark goes on where it was. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import type { ModelName, Way } from './plan.ts'

export interface Result {
  readonly model: ModelName
  readonly way: Way
  readonly seed: number
  readonly steps: number
  /** In nats per token, over the validation windows. */
  readonly validationLoss: number
  readonly seconds: number
}

export interface Results {
  find(key: string): Result | undefined
  add(key: string, result: Result): void
}

/** A line that a kill cut short counts as none. */
function parse(line: string): [string, Result][] {
  try {
    const { key, ...result } = JSON.parse(line)
    return [[key, result]]
  } catch {
    return []
  }
}

/** Opens a file of results; without a file they are only remembered. */
export function openResults(file: string | undefined): Results {
  const before = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : ''
  const known = new Map(before.split('\n').flatMap(parse))
  if (file !== undefined && before !== '' && !before.endsWith('\n')) appendFileSync(file, '\n')
  return {
    find: key => known.get(key),
    add(key, result) {
      known.set(key, result)
      if (file !== undefined) appendFileSync(file, `${JSON.stringify({ key, ...result })}\n`)
    },
  }
}
