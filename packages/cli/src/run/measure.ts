/** How fast this machine is at a job: a few real steps, timed. */
import type { Backend } from '@cairn/engine'
import { sha256 } from '@cairn/node/files'
import { type Cost, estimatedMs, jobCost } from '@cairn/protocol'
import { createExecutor, graphCost, replicaSlots, zeroState } from '@cairn/training'
import { precompile } from './precompile.ts'
import type { PreparedJob } from './prepare.ts'

export interface Measured {
  readonly cost: Cost
  readonly stepMs: number
  readonly operationsPerSecond: bigint
  /** The whole job on this machine. */
  readonly estimatedMs: number
  readonly memoryBytes: number
}

/** At least so many steps, and for so long that the machine's compilers are done with the kernels. */
const STEPS = 8
const WARM_MS = 600
const LONG_ENOUGH_MS = 4000

/** The middle value; nothing was timed where the very first step diverged. */
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 1

/** Times the steps of the first unit, again and again if it is short; the first half is a warm-up. */
async function timeSteps({ data, program, initial }: PreparedJob, backend: Backend, threads: number): Promise<number> {
  const executor = createExecutor(program, data.dataset, { backend, hash: sha256, threads })
  const start = initial === undefined ? await executor.initialState() : { ok: true as const, value: initial }
  const replicaState = zeroState(replicaSlots(program.model, program.spec.outer.innerState))
  const began = performance.now()
  const times: number[] = []
  let last = began
  const onStep = async () => {
    const now = performance.now()
    const took = now - began
    times.push(now - last)
    last = now
    return (times.length > STEPS && took > WARM_MS) || took > LONG_ENOUGH_MS ? 'stop' : undefined
  }
  for (let goes = start.ok; goes && start.ok; ) {
    last = performance.now()
    const outcome = await executor.runUnit({ round: 0, replica: 0, global: start.value, replicaState, onStep })
    goes = outcome?.ok === true
  }
  await executor.close()
  return median(times.slice(times.length >> 1))
}

/** Measures a prepared job. Throws `ResourceError` when it does not fit into memory. */
export async function measureJob(prepared: PreparedJob, backend: Backend, threads: number): Promise<Measured> {
  const ready = await precompile(backend, prepared.program, { threads })
  try {
    const cost = jobCost(prepared.job.spec, graphCost(prepared.program, ready.stepBytes))
    const stepMs = await timeSteps(prepared, ready.backend, threads)
    const operationsPerSecond = BigInt(Math.max(1, Math.round((Number(cost.operationsPerStep) * 1000) / stepMs)))
    return {
      cost,
      stepMs,
      operationsPerSecond,
      estimatedMs: Number(estimatedMs(cost, operationsPerSecond)),
      memoryBytes: ready.totalBytes,
    }
  } finally {
    await ready.close()
  }
}
