/**
 * Does the work of a job on a backend: initial weights, units, outer steps, evaluations. Every function is one of the
 * pure functions the job is made of: bytes in, bytes out. What is kept, where, is the caller's affair.
 */
import { sizeBytes } from '@cairn/engine'
import { MEAN_LOSS } from '../compile/evaluation-graph.ts'
import { outerMomentum, updateOf } from '../compile/outer-graphs.ts'
import type { JobProgram } from '../compile/program.ts'
import { correctPredictions, type Dataset, evaluationBatches } from './dataset.ts'
import { copyOf, type ExecutorOptions, firstWord, type GraphRunner, graphRunner, keyBytes } from './graph-runner.ts'
import type { Outcome } from './outcome.ts'
import { counterBytes, globalSlots, ROUND, type State, type TensorSlot } from './state.ts'
import { runUnit, type UnitRequest, type UnitResult } from './unit.ts'

export interface Evaluation {
  /** Bits of the mean loss, f32, in nats per token. */
  readonly lossBits: number
  /** Bits of the mean loss after each batch: what an audit compares. */
  readonly meanBits: readonly number[]
  /** Share of right predictions of a classifier, or of next tokens. */
  readonly accuracy: number
  /** Right predictions, and all of them. */
  readonly correct: number
  readonly total: number
}

export interface Executor {
  initialState(): Promise<Outcome<State>>
  runUnit(request: UnitRequest): Promise<Outcome<UnitResult> | undefined>
  applyOuterStep(global: State, updates: readonly State[]): Promise<Outcome<State>>
  evaluate(global: State): Promise<Outcome<Evaluation>>
  /** Compiles the inner step and returns the bytes it needs. */
  stepMemoryBytes(): Promise<number>
  close(): Promise<void>
}

async function initialState({ spec, model, graphs }: JobProgram, runner: GraphRunner): Promise<Outcome<State>> {
  const outcome = await runner.runOnce('initial', new Map([['key', keyBytes(spec.seed, 0, 0)]]))
  if (!outcome.ok) return outcome
  const bytesOfSlot = (slot: TensorSlot) =>
    slot.name in graphs.initial.outputs ? copyOf(outcome.value.read(slot.name)) : new Uint8Array(sizeBytes(slot))
  return { ok: true, value: new Map(globalSlots(model).map(slot => [slot.name, bytesOfSlot(slot)])) }
}

async function applyOuterStep(
  { model }: JobProgram,
  runner: GraphRunner,
  global: State,
  updates: readonly State[],
): Promise<Outcome<State>> {
  const inputs = new Map<string, Uint8Array>()
  for (const { name } of model.parameters) {
    for (const input of [name, outerMomentum(name)]) inputs.set(input, global.get(input) as Uint8Array)
    for (const [replica, update] of updates.entries())
      inputs.set(updateOf(name, replica), update.get(name) as Uint8Array)
  }
  const outcome = await runner.runOnce('outer', inputs)
  if (!outcome.ok) return outcome
  const round = counterBytes(firstWord(global.get(ROUND) as Uint8Array) + 1)
  return {
    ok: true,
    value: new Map(
      globalSlots(model).map(({ name }) => [name, name === ROUND ? round : copyOf(outcome.value.read(name))]),
    ),
  }
}

async function evaluate(
  { spec, model }: JobProgram,
  runner: GraphRunner,
  data: Dataset,
  global: State,
): Promise<Outcome<Evaluation>> {
  const inputs = new Map(model.parameters.map(({ name }) => [name, global.get(name) as Uint8Array]))
  inputs.set(MEAN_LOSS, new Uint8Array(4))
  let [correct, total] = [0, 0]
  const meanBits: number[] = []
  for (const { x, targets } of evaluationBatches(spec, data)) {
    const outcome = await runner.runOnce('evaluation', inputs.set('x', x).set('targets', targets))
    if (!outcome.ok) return outcome
    inputs.set(MEAN_LOSS, copyOf(outcome.value.read(MEAN_LOSS)))
    meanBits.push(firstWord(outcome.value.read(MEAN_LOSS)))
    correct += correctPredictions(outcome.value.read('logits'), targets)
    total += targets.length / 4
  }
  const lossBits = firstWord(inputs.get(MEAN_LOSS) as Uint8Array)
  return { ok: true, value: { lossBits, meanBits, accuracy: correct / total, correct, total } }
}

/** Creates an executor; graphs are compiled when they are first needed and stay compiled until `close`. */
export function createExecutor(program: JobProgram, data: Dataset, options: ExecutorOptions): Executor {
  const runner = graphRunner(program, options)
  return {
    initialState: () => initialState(program, runner),
    runUnit: request => runUnit({ program, data, hash: options.hash, runner }, request),
    applyOuterStep: (global, updates) => applyOuterStep(program, runner, global, updates),
    evaluate: global => evaluate(program, runner, data, global),
    stepMemoryBytes: async () => (await runner.executable('inner')).memoryBytes,
    close: () => runner.close(),
  }
}
