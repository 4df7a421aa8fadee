/** From a job file to everything that running it takes: data, tokeniser, program, and weights to start from. */

import { readWhole, sha256 } from '@cairn/node/files'
import { CairnError, InputError } from '@cairn/primitives'
import {
  compileJob,
  type JobProgram,
  type PreparedData,
  prepareData,
  type State,
  stateFromWeights,
} from '@cairn/training'
import type { Job } from '../files/job-file.ts'
import { locate, readSource, type SourceOverrides } from '../files/sources.ts'

export interface PreparedJob {
  readonly job: Job
  readonly data: PreparedData
  readonly program: JobProgram
  /** Global state to start from when it does not come from the seed. */
  readonly initial?: State
}

/** Adds a file's name to the place of an input error about what is in the file. */
function namingFile<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof CairnError) || error.path === undefined || error.path.startsWith(path)) throw error
    const { expected = '', found = '', fix = '' } = error
    throw new InputError(error.code, error.message, {
      path: `${path}: ${error.path}`,
      expected,
      found,
      fix,
      cause: error,
    })
  }
}

/** Reads weights into a global state before the first round. Throws `InputError` naming file and tensor. */
async function readWeights(program: JobProgram, path: string): Promise<State> {
  const bytes = await readWhole(path, 'Name a safetensors file.')
  return namingFile(path, () => stateFromWeights(program.model, bytes, path))
}

async function initialState(job: Job, program: JobProgram, override?: string): Promise<State | undefined> {
  const { initialWeights } = job.spec
  if (initialWeights === undefined) return undefined
  return readWeights(program, override ?? locate(initialWeights, job.directories))
}

/** Prepares a job. Throws `InputError` on data, tokeniser or weights that do not fit it. */
export async function prepareJob(job: Job, overrides: SourceOverrides = {}): Promise<PreparedJob> {
  const data = prepareData(job.spec, await readSource(job, overrides), sha256)
  const program = compileJob(job.spec, data, sha256)
  const initial = await initialState(job, program, overrides.initialWeights)
  return { job, data, program, ...(initial === undefined ? {} : { initial }) }
}
