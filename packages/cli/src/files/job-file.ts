/** A job as people write it: a YAML (or JSON) file, checked and normalised, with the directories its paths may start at. */
import { dirname, resolve } from 'node:path'
import { readWhole } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { checkJobSpec, type JobSpec } from '@cairn/protocol'
import { parseDocument } from 'yaml'

export interface Job {
  readonly spec: JobSpec
  /** As the person named it. */
  readonly path: string
  /** Where relative paths in the specification are looked up, in this order. */
  readonly directories: readonly string[]
}

const NO_JOB = 'Name a job file; `cairn init` writes one.'

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new InputError('NotUtf8', 'The job file is not UTF-8 text.', {
      path,
      expected: 'a YAML or JSON document',
      found: 'other bytes',
      fix: NO_JOB,
      cause,
    })
  }
}

function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text)
  const [error] = document.errors
  if (error === undefined) return document.toJS()
  const place = error.linePos?.[0]
  throw new InputError('NotYaml', 'The job file is not sound YAML.', {
    path: place === undefined ? path : `${path}, line ${place.line}, column ${place.col}`,
    expected: 'a YAML or JSON document',
    found: error.message.split('\n')[0] ?? error.code,
    fix: 'Correct that line; indentation counts, and a colon inside a text needs quotes around the text.',
    cause: error,
  })
}

/** Checks a parsed specification. Throws `InputError` (`spec.invalid`); `cause` lists all problems. */
export function checkSpec(document: unknown, path: string): JobSpec {
  const check = checkJobSpec(document)
  if (check.ok) return check.spec
  const count = check.problems.length
  const message = `${path} cannot be used: ${count} problem${count === 1 ? '' : 's'}.`
  throw new InputError('spec.invalid', message, { ...check.problems[0], cause: check.problems })
}

/** Reads a job file. Throws `InputError` naming every problem in it. */
export async function readJob(path: string): Promise<Job> {
  const text = decode(await readWhole(path, NO_JOB), path)
  return { spec: checkSpec(parseYaml(text, path), path), path, directories: [resolve(dirname(path))] }
}
