/** A job that trains in a second, in a directory of its own, for tests of the whole command. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

type Document = Record<string, unknown>

/** Prose enough for some windows; no two lines are alike. */
const TEXT = Array.from(
  { length: 150 },
  (_, n) => `Line ${n}: ${n * n} stones were laid on the cairn by ${n % 7} hands.`,
).join('\n')

const TINY: Document = {
  apiVersion: 'cairn/v1',
  name: 'tiny',
  seed: 5,
  model: { kind: 'gpt', layers: 1, heads: 2, width: 16, context: 16 },
  data: { kind: 'text', source: 'text.txt' },
  optimiser: { learningRate: 0.003 },
  schedule: { replicas: 2, innerSteps: 10, rounds: 2, batch: 2 },
  evaluation: { batches: 1 },
  verification: { policy: 'none' },
}

/** Puts `change` over a document, section by section. */
const merged = (document: Document, change: Document): Document =>
  Object.fromEntries(
    [...new Set([...Object.keys(document), ...Object.keys(change)])].map(key => {
      const [old, fresh] = [document[key], change[key]]
      const areSections = [old, fresh].every(
        value => typeof value === 'object' && value !== null && !Array.isArray(value),
      )
      return [key, areSections ? { ...(old as Document), ...(fresh as Document) } : (fresh ?? old)]
    }),
  )

export interface TinyJob {
  readonly directory: string
  readonly job: string
  /** A path in the directory. */
  readonly at: (name: string) => string
}

/** Writes the job with changes, and its text, into a fresh temporary directory. */
export function tinyJob(change: Document = {}, text: string | Uint8Array = TEXT): TinyJob {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-test-'))
  const at = (name: string) => join(directory, name)
  writeFileSync(at('text.txt'), text)
  writeFileSync(at('job.yaml'), stringify(merged(TINY, change)))
  return { directory, job: at('job.yaml'), at }
}
