/**
 * A unit of work (SPEC: protocol.md section 2): H inner steps of one replica from a global state, then the quantised
 * update and the replica's next state. It can stop after any step and go on from there with the same bits.
 */
import { type Executable, floatOfBits } from '@cairn/engine'
import type { HashFunction, HashHex } from '@cairn/primitives'
import { checkpointSteps, type StepValues } from '@cairn/protocol'
import { UNIT_LOSS } from '../compile/inner-graph.ts'
import { errorFeedback, localParameter, updateOf } from '../compile/outer-graphs.ts'
import type { JobProgram } from '../compile/program.ts'
import { type Dataset, trainingBatch } from './dataset.ts'
import { copyOf, firstWord, type GraphRunner, keyBytes, operatorName, wordsOf } from './graph-runner.ts'
import type { Divergence, Outcome } from './outcome.ts'
import {
  checkpointSlots,
  counterBytes,
  replicaSlots,
  rootOf,
  rootOfState,
  STEP,
  type State,
  type TensorSlot,
  updateSlots,
} from './state.ts'

/** A unit half done: what it takes to go on. */
export interface UnitProgress {
  /** Inner steps of the unit that are done. */
  readonly done: number
  readonly checkpoint: State
  readonly checkpointRoots: readonly HashHex[]
}

export interface UnitResult {
  /** Quantised update by parameter name. */
  readonly update: State
  readonly updateRoot: HashHex
  readonly replicaState: State
  readonly replicaRoot: HashHex
  readonly checkpointRoots: readonly HashHex[]
  readonly lossBits: number
}

export interface StepReport {
  readonly done: number
  readonly loss: number
  readonly gradientNorm: number
  /** Bits that an audit compares. */
  readonly values: StepValues
  /** Root of the state after this step, where it is a checkpoint. */
  readonly checkpointRoot?: HashHex
  /** Copies the state after this step, for a checkpoint. */
  readonly progress: () => UnitProgress
}

export interface UnitRequest {
  readonly round: number
  readonly replica: number
  readonly global: State
  readonly replicaState: State
  readonly resume?: UnitProgress
  /** Keeps a state and returns its root; what nobody keeps is only hashed. The last checkpoint is not asked for. */
  readonly keep?: Readonly<Partial<Record<'checkpoint' | 'update' | 'replica', (state: State) => Promise<HashHex>>>>
  /** Called after every inner step; the unit stops and returns undefined when it answers `stop`. */
  readonly onStep?: (report: StepReport) => Promise<'stop' | undefined>
}

export interface UnitContext {
  readonly program: JobProgram
  readonly data: Dataset
  readonly hash: HashFunction
  readonly runner: GraphRunner
}

/** Writes what the unit starts from: a checkpoint, or the global parameters, the replica's moments and zeros. */
function loadUnit({ program }: UnitContext, e: Executable, { global, replicaState, resume }: UnitRequest): void {
  for (const { name } of checkpointSlots(program.model)) {
    const bytes = resume?.checkpoint.get(name) ?? global.get(name) ?? replicaState.get(name)
    e.write(name, bytes ?? new Uint8Array(e.read(name).length)) // zeros: moments after a reset, the unit's loss
  }
}

/** Writes the batch, the step number and the random key of one inner step, counted from the job's begin. */
function loadStep({ program, data }: UnitContext, e: Executable, replica: number, step: number): void {
  const { spec, graphs } = program
  const { x, targets } = trainingBatch(spec, data, replica, step)
  const { microBatches } = spec.schedule
  for (let micro = 0; micro < microBatches; micro++) {
    const part = (bytes: Uint8Array) =>
      bytes.subarray((bytes.length / microBatches) * micro, (bytes.length / microBatches) * (micro + 1))
    const suffix = microBatches > 1 ? `/${micro}` : ''
    e.write(`x${suffix}`, part(x))
    e.write(`targets${suffix}`, part(targets))
  }
  e.write('step', counterBytes(step))
  if (graphs.inner.inputs.key !== undefined) e.write('key', keyBytes(spec.seed, replica, step))
}

/** Repeats a unit unfused up to the step that diverged, to name the operator. */
async function locate(context: UnitContext, request: UnitRequest, failing: number): Promise<Divergence> {
  const { program, runner } = context
  const e = await runner.unfused('inner')
  loadUnit(context, e, request)
  const base = request.round * program.spec.schedule.innerSteps
  for (let done = request.resume?.done ?? 0; ; done++) {
    loadStep(context, e, request.replica, base + done)
    const result = e.run()
    if (result.ok && done < failing) continue
    await e.close()
    return { graph: 'inner', operator: operatorName(program.graphs.inner, result), step: base + done }
  }
}

/** PERF: whoever keeps a state hashes it anyway, so that it is hashed once. */
const kept = async (
  { hash }: UnitContext,
  keep: ((state: State) => Promise<HashHex>) | undefined,
  slots: readonly TensorSlot[],
  state: State,
): Promise<HashHex> => (keep === undefined ? rootOfState(hash, slots, state) : keep(state))

/** Runs the update graph on what the inner steps left in `e`. */
async function finishUnit(
  context: UnitContext,
  e: Executable,
  request: UnitRequest,
  checkpointRoots: readonly HashHex[],
): Promise<Outcome<UnitResult>> {
  const { program, runner } = context
  const names = program.model.parameters.map(p => p.name)
  const inputs = new Map<string, Uint8Array>()
  for (const name of names) {
    inputs.set(name, request.global.get(name) as Uint8Array)
    inputs.set(localParameter(name), copyOf(e.read(name)))
    inputs.set(
      errorFeedback(name),
      request.replicaState.get(errorFeedback(name)) ?? new Uint8Array(e.read(name).length),
    )
  }
  const closing = await runner.runOnce('update', inputs)
  if (!closing.ok) return closing
  const update = new Map(names.map(name => [name, copyOf(closing.value.read(updateOf(name, 0)))]))
  const slots = replicaSlots(program.model, program.spec.outer.innerState)
  const endOf = (name: string) => {
    if (name === STEP) return counterBytes((request.round + 1) * program.spec.schedule.innerSteps)
    return copyOf((name in program.graphs.inner.inputs ? e : closing.value).read(name))
  }
  const replicaState: State = new Map(slots.map(({ name }) => [name, endOf(name)]))
  const updateRoot = await kept(context, request.keep?.update, updateSlots(program.model), update)
  const replicaRoot = await kept(context, request.keep?.replica, slots, replicaState)
  return {
    ok: true,
    value: { update, updateRoot, replicaState, replicaRoot, checkpointRoots, lossBits: firstWord(e.read(UNIT_LOSS)) },
  }
}

/** The root of the state after a step. PERF: it is copied only for whoever keeps it. */
async function takeCheckpoint(
  { program, hash }: UnitContext,
  e: Executable,
  { keep }: UnitRequest,
  done: number,
): Promise<HashHex> {
  const slots = checkpointSlots(program.model)
  if (keep?.checkpoint === undefined || done === program.spec.schedule.innerSteps)
    return rootOf(hash, slots, name => e.read(name))
  return keep.checkpoint(new Map(slots.map(({ name }) => [name, copyOf(e.read(name))])))
}

/** Runs a unit. Returns undefined when `onStep` asked it to stop. */
export async function runUnit(context: UnitContext, request: UnitRequest): Promise<Outcome<UnitResult> | undefined> {
  const { program, runner } = context
  const { schedule } = program.spec
  const e = await runner.executable('inner')
  loadUnit(context, e, request)
  const checkpoints = new Set(checkpointSteps(schedule))
  const slots = checkpointSlots(program.model)
  const roots = [...(request.resume?.checkpointRoots ?? [])]
  for (let done = request.resume?.done ?? 0; done < schedule.innerSteps; ) {
    loadStep(context, e, request.replica, request.round * schedule.innerSteps + done)
    if (!e.run().ok) return { ok: false, diverged: await locate(context, request, done) }
    done++
    const checkpointRoot = checkpoints.has(done) ? await takeCheckpoint(context, e, request, done) : undefined
    if (checkpointRoot !== undefined) roots.push(checkpointRoot)
    const lossBits = firstWord(e.read('loss'))
    const report: StepReport = {
      done,
      loss: floatOfBits(lossBits),
      gradientNorm: Math.sqrt(floatOfBits(firstWord(e.read('squaredNorm')))),
      values: { lossBits, normBits: wordsOf(e.read('squaredNorms')) },
      ...(checkpointRoot === undefined ? {} : { checkpointRoot }),
      progress: () => ({
        done,
        checkpoint: new Map(slots.map(({ name }) => [name, copyOf(e.read(name))])),
        checkpointRoots: [...roots],
      }),
    }
    if ((await request.onStep?.(report)) === 'stop') return undefined
  }
  return finishUnit(context, e, request, roots)
}
