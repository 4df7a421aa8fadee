/** A trained model from files: an output directory, or a weights file and its job. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readJson, readWhole, sha256 } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import type { JobSpec } from '@cairn/protocol'
import {
  bytesTokeniser,
  globalSlots,
  type Model,
  modelOf,
  parseState,
  prepareData,
  type State,
  stateFromWeights,
  type Tokeniser,
  tokeniserFromJson,
} from '@cairn/training'
import { fileStore } from '../files/file-store.ts'
import { checkSpec, type Job, readJob } from '../files/job-file.ts'
import { JOB, readRecord, TOKENISERS, WEIGHTS } from '../files/run-directory.ts'
import { readSource } from '../files/sources.ts'

export interface LoadedModel {
  readonly spec: JobSpec
  readonly model: Model
  readonly global: State
  /** Absent for digits. */
  readonly tokeniser?: Tokeniser
  /** Finished rounds when the model comes from a run that is not over. */
  readonly afterRounds?: number
}

const NOT_A_RUN = 'Name the directory that `cairn train --out` wrote.'

/** Finds the tokeniser that a run left beside its weights, else makes it from the job as training does. */
async function tokeniserOf(job: Job, beside: string): Promise<Tokeniser | undefined> {
  const { data } = job.spec
  if (data.kind === 'digits') return undefined
  if (data.tokeniser === 'bytes') return bytesTokeniser
  const path = Object.values(TOKENISERS)
    .map(name => join(beside, name))
    .find(existsSync)
  if (path !== undefined) return tokeniserFromJson(await readJson(path, NOT_A_RUN), path)
  return prepareData(job.spec, await readSource(job), sha256).tokeniser
}

async function assemble(job: Job, beside: string, load: (model: Model) => Promise<Partial<LoadedModel>>) {
  const tokeniser = await tokeniserOf(job, beside)
  const model = modelOf(job.spec, tokeniser?.vocabularySize ?? 0)
  const loaded = { spec: job.spec, model, ...(tokeniser && { tokeniser }), ...(await load(model)) }
  return loaded as LoadedModel
}

/** Reads weights as a state. Throws `InputError` naming the tensor that does not fit, `IntegrityError` on a damaged file. */
async function fromWeights(model: Model, path: string): Promise<Partial<LoadedModel>> {
  return { global: stateFromWeights(model, await readWhole(path, NOT_A_RUN), path) }
}

/** Takes the state after the last finished round of a run that is under way. */
async function fromStore(model: Model, out: string): Promise<Partial<LoadedModel>> {
  const record = await readRecord(out)
  const root = record?.rounds.at(-1)?.globalRoot ?? record?.initialRoot
  const bytes = root === undefined ? undefined : await fileStore(out).readBlob('state', root)
  if (record === undefined || root === undefined || bytes === undefined) {
    throw new InputError('NoWeights', 'There are no weights in this directory yet.', {
      path: out,
      expected: `${WEIGHTS}, or the state of a run under way`,
      found: 'neither',
      fix: NOT_A_RUN,
    })
  }
  return { global: parseState(sha256, globalSlots(model), root, bytes), afterRounds: record.rounds.length }
}

/** Loads the model of an output directory, finished or under way. */
export async function loadFromDirectory(out: string): Promise<LoadedModel> {
  const path = join(out, JOB)
  const job: Job = { spec: checkSpec(await readJson(path, NOT_A_RUN), path), path, directories: [out] }
  const weights = join(out, WEIGHTS)
  return assemble(job, out, model => (existsSync(weights) ? fromWeights(model, weights) : fromStore(model, out)))
}

/** Loads a weights file of a job's model. */
export async function loadFromFiles(weights: string, jobPath: string): Promise<LoadedModel> {
  const job = await readJob(jobPath)
  return assemble(job, dirname(weights), model => fromWeights(model, weights))
}
