/**
 * Trains a prepared job into an output directory: the directory is locked, the run goes on from wherever it stood, and
 * what it ends with (weights, receipt, plot) is written. `cairn train` and the demo are two hosts of this.
 */
import { relative } from 'node:path'
import type { Backend } from '@cairn/engine'
import { assertUnlocked, lockDirectory, makeDirectory, sha256 } from '@cairn/node/files'
import type { Receipt } from '@cairn/protocol'
import { createExecutor, type Keep, type State, type TrainEvent, type TrainResult, train } from '@cairn/training'
import { fileStore } from '../files/file-store.ts'
import { assertUsable, readRecord } from '../files/run-directory.ts'
import { type MetricsFile, openMetrics } from './metrics.ts'
import { type Precompiled, precompile } from './precompile.ts'
import type { PreparedJob } from './prepare.ts'
import { drawPlot, writeInputs, writeResults } from './results.ts'

export type RunEvent =
  | TrainEvent
  | { readonly kind: 'prepared'; readonly prepared: PreparedJob; readonly memoryBytes: number; readonly out: string }
  | { readonly kind: 'notice'; readonly text: string }

export interface TrainRequest {
  readonly prepared: PreparedJob
  readonly out: string
  readonly resume: boolean
  readonly backend: Backend
  readonly threads: number
  readonly keep: Keep
  readonly saveEveryMs: number
  readonly stop: { readonly requested: boolean }
  readonly onEvent: (event: RunEvent) => void | Promise<void>
}

export type TrainOutcome =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'finished' | 'diverged'; readonly receipt: Receipt; readonly global: State }

/** What to do about another process in the output directory. */
const LOCKED = 'Wait for it or stop it, or choose another --out.'

/** Throws `InputError` when no run may begin (or go on) in a directory: better before the data is read than after. */
export async function assertFree(out: string, resume: boolean): Promise<void> {
  assertUnlocked(out, LOCKED)
  await assertUsable(out, resume)
}

/** Answers whether half a minute (or what was asked for) has passed since the last save. */
function saveClock(everyMs: number): { due(): boolean; saved(): void } {
  let last = performance.now()
  const saved = () => {
    last = performance.now()
  }
  return {
    saved,
    due() {
      const isDue = performance.now() - last >= everyMs
      if (isDue) saved()
      return isDue
    },
  }
}

/** Lets signals, timers and the screen in: a step is computed without a pause. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function recordEvent(request: TrainRequest, metrics: MetricsFile, event: TrainEvent): Promise<void> {
  if (event.kind === 'step') {
    const { round, replica, done, loss, gradientNorm } = event
    metrics.add({ round, replica, step: done - 1, loss, gradientNorm })
  } else if (event.kind === 'round') {
    if (event.evaluation !== undefined) metrics.addEvaluation(event.round, event.evaluation)
    await drawPlot(request, metrics.entries)
  }
}

async function runTraining(request: TrainRequest, ready: Precompiled): Promise<TrainResult> {
  const { prepared, out, threads, keep, saveEveryMs, stop } = request
  const { program, data, initial } = prepared
  const clock = saveClock(saveEveryMs)
  const executor = createExecutor(program, data.dataset, { backend: ready.backend, hash: sha256, threads })
  let metrics: MetricsFile | undefined
  const onEvent = async (event: TrainEvent): Promise<void> => {
    // Only a run of this job gets here; before that, nothing in the directory may be changed.
    metrics ??= await openMetrics(out, event.kind === 'resumed' ? event : { round: 0, units: 0, step: 0 })
    await recordEvent(request, metrics, event)
    if (event.kind === 'unit') clock.saved()
    await request.onEvent(event)
    await breathe()
  }
  try {
    return await train(program, executor, {
      hash: sha256,
      store: fileStore(out),
      data: prepared.data.facts,
      ...(initial === undefined ? {} : { initial }),
      keep,
      onEvent,
      shouldStop: () => stop.requested,
      shouldSave: clock.due,
    })
  } finally {
    await executor.close()
  }
}

async function trainLocked(request: TrainRequest, ready: Precompiled): Promise<TrainOutcome> {
  const { prepared, out, resume } = request
  await assertUsable(out, resume)
  if ((await readRecord(out)) === undefined) await writeInputs(request)
  await request.onEvent({ kind: 'prepared', prepared, memoryBytes: ready.totalBytes, out })
  const result = await runTraining(request, ready)
  if (result.kind === 'stopped') return { kind: 'stopped' }
  const receipt = await writeResults(request, result)
  return { kind: result.kind, receipt, global: result.global }
}

/** Trains until the job is done, diverges or is asked to stop. Throws `InputError`, `ResourceError`, `IntegrityError`. */
export async function trainJob(request: TrainRequest): Promise<TrainOutcome> {
  const { prepared, out, backend, threads } = request
  const ready = await precompile(backend, prepared.program, { threads })
  try {
    await makeDirectory(out)
    const lock = lockDirectory(out, LOCKED)
    process.on('exit', lock.release)
    if (lock.tookOverFrom !== undefined) {
      const text = `Process ${lock.tookOverFrom} left a lock in ${relative('.', out) || '.'} when it died; taking over.`
      await request.onEvent({ kind: 'notice', text })
    }
    try {
      return await trainLocked(request, ready)
    } finally {
      lock.release()
      process.off('exit', lock.release)
    }
  } finally {
    await ready.close()
  }
}
