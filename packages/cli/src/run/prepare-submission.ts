/** From a job file to what a network is given: document and blobs, with the first state's root and the memory of a step. */
import { randomBytes } from 'node:crypto'
import { wasm } from '@cairn/engine'
import { sha256 } from '@cairn/node/files'
import { encodeHex, type HashHex, InternalError } from '@cairn/primitives'
import type { JobDocument } from '@cairn/protocol'
import { createExecutor, globalSlots, rootOfState, type State, type Submission, submissionOf } from '@cairn/training'
import type { PreparedJob } from './prepare.ts'

async function firstState({
  program,
  data,
  initial,
}: PreparedJob): Promise<{ global: State; stepMemoryBytes: number }> {
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash: sha256, threads: 1 })
  try {
    const outcome = initial === undefined ? await executor.initialState() : ({ ok: true, value: initial } as const)
    if (!outcome.ok)
      throw new InternalError('InitialDiverged', `initial weights left the domain at ${outcome.diverged.operator}`)
    return { global: outcome.value, stepMemoryBytes: await executor.stepMemoryBytes() }
  } finally {
    await executor.close()
  }
}

/** Makes a submission. Every call makes another job, since its salt is drawn anew. */
export async function prepareSubmission(
  prepared: PreparedJob,
  network: JobDocument['network'],
  submitter: string,
): Promise<Submission> {
  const { program, data, initial } = prepared
  const { global, stepMemoryBytes } = await firstState(prepared)
  return submissionOf(sha256, {
    program,
    data,
    initialRoot: rootOfState(sha256, globalSlots(program.model), global),
    ...(initial === undefined ? {} : { initial }),
    stepMemoryBytes,
    network: { chainId: network.chainId, escrow: network.escrow.toLowerCase() },
    submitter: submitter.toLowerCase(),
    salt: encodeHex(randomBytes(32)) as HashHex,
  })
}
