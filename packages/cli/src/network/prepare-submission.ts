/** From a job file to the document and blobs that a network takes: compiled, with its initial state and its size. */
import { randomBytes } from 'node:crypto'
import { wasm } from '@cairn/engine'
import { sha256 } from '@cairn/node/files'
import { InputError, toHashHex } from '@cairn/primitives'
import {
  createExecutor,
  globalSlots,
  type JobProgram,
  rootOfState,
  type Submission,
  submissionOf,
} from '@cairn/training'
import { readJob } from '../files/job-file.ts'
import { stateBytes, tooLarge } from '../run/memory.ts'
import { type PreparedJob, prepareJob } from '../run/prepare.ts'
import type { NetworkFile } from './network-file.ts'

export interface PreparedSubmission {
  readonly prepared: PreparedJob
  readonly submission: Submission
}

const diverges = (program: JobProgram): InputError =>
  new InputError('Diverged', 'The initial weights leave the range of numbers.', {
    path: 'model',
    expected: 'values below 2^60',
    found: `a larger one in the program ${program.programRoot.slice(0, 8)}`,
    fix: 'Use a smaller model.',
  })

/** Computes where the job starts, and how much memory a step of it needs. */
async function measure({ program, data, initial }: PreparedJob) {
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256, threads: 1 })
  try {
    const start = initial === undefined ? await executor.initialState() : { ok: true as const, value: initial }
    if (!start.ok) throw diverges(program)
    const initialRoot = rootOfState(sha256, globalSlots(program.model), start.value)
    return { initialRoot, memoryBytes: (await executor.stepMemoryBytes()) + stateBytes(program) }
  } catch (error) {
    throw tooLarge(error)
  } finally {
    await executor.close()
  }
}

const lowerCase = (account: string): `0x${string}` => account.toLowerCase() as `0x${string}`

/** Prepares a job file for a network. Throws `InputError` on a job that cannot be used or not be submitted. */
export async function prepareSubmission(
  path: string,
  { chainId, escrow }: Pick<NetworkFile, 'chainId' | 'escrow'>,
  submitter: string,
): Promise<PreparedSubmission> {
  const job = await readJob(path)
  const prepared = await prepareJob(job)
  const { program, data, initial } = prepared
  const { initialRoot, memoryBytes } = await measure(prepared)
  const submission = submissionOf(sha256, {
    program,
    data,
    initialRoot,
    ...(initial && { initial }),
    stepMemoryBytes: Math.max(memoryBytes, job.spec.resources?.memoryBytes ?? 0),
    network: { chainId, escrow: lowerCase(escrow) },
    submitter: lowerCase(submitter),
    salt: toHashHex(randomBytes(32).toString('hex')),
  })
  return { prepared, submission }
}
