/**
 * Does the work of a job on a backend: initial weights, units, outer steps, evaluations. Every function is one of the
 * pure functions the job is made of: bytes in, bytes out. What is kept, where, is the caller's affair.
 */
import { type Backend, bytesOf, type CompileOptions, type Executable, type Graph } from '@cairn/engine'
import { type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import { checkpointSteps } from '@cairn/protocol'
import { MEAN_LOSS } from '../compile/evaluation-graph.ts'
import { UNIT_LOSS } from '../compile/inner-graph.ts'
import { errorFeedback, localParameter, outerMomentum, updateOf } from '../compile/outer-graphs.ts'
import type { GraphName, JobProgram } from '../compile/program.ts'
import { correctPredictions, type Dataset, evaluationBatches, trainingBatch } from './dataset.ts'
import { checkpointSlots, counterBytes, globalSlots, ROUND, replicaSlots, rootOf, STEP, type State } from './state.ts'

/** Where a job left the domain: the operator in program order, and the inner step when it was one. */
export interface Divergence {
  readonly graph: GraphName
  readonly operator: string
  readonly step?: number
}

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
  readonly updateHash: HashHex
  readonly replicaState: State
  readonly replicaRoot: HashHex
  readonly checkpointRoots: readonly HashHex[]
  readonly lossBits: number
}

export interface StepReport {
  readonly done: number
  readonly loss: number
  readonly gradientNorm: number
  /** Copies the state after this step, for a checkpoint. */
  readonly progress: () => UnitProgress
}

export interface UnitRequest {
  readonly round: number
  readonly replica: number
  readonly global: State
  readonly replicaState: State
  readonly resume?: UnitProgress
  /** Called after every inner step; the unit stops and returns undefined when it answers `stop`. */
  readonly onStep?: (report: StepReport) => Promise<'stop' | undefined>
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diverged: Divergence }

export interface Evaluation {
  readonly lossBits: number
  /** Share of right predictions of a classifier, or next tokens of a language model. */
  readonly accuracy: number
}

export interface Executor {
  initialState(): Promise<Outcome<State>>
  runUnit(request: UnitRequest): Promise<Outcome<UnitResult> | undefined>
  applyOuterStep(global: State, updates: readonly State[]): Promise<Outcome<State>>
  evaluate(global: State): Promise<Outcome<Evaluation>>
  readonly memoryBytes: () => number
  close(): Promise<void>
}

export interface ExecutorOptions extends CompileOptions {
  readonly backend: Backend
  readonly hash: HashFunction
}

const firstWord = (bytes: Uint8Array, type: 'getFloat32' | 'getUint32') =>
  new DataView(bytes.buffer, bytes.byteOffset, 4)[type](0, true)

const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Creates an executor; graphs are compiled when they are first needed and stay compiled. */
export function createExecutor(program: JobProgram, data: Dataset, options: ExecutorOptions): Executor {
  const { spec, model, graphs } = program
  const { hash, backend } = options
  const names = model.parameters.map(p => p.name)
  const compiled = new Map<GraphName, Executable>()

  const executable = async (name: GraphName): Promise<Executable> => {
    const known = compiled.get(name)
    if (known !== undefined) return known
    const fresh = await backend.compile(graphs[name], options)
    compiled.set(name, fresh)
    return fresh
  }
  const key = (replica: number, step: number) => bytesOf(Int32Array.of(spec.seed | 0, replica, step))

  /** Runs a graph once with all inputs given; when it diverges, runs it again unfused to name the operator. */
  const runOnce = async (name: GraphName, inputs: ReadonlyMap<string, Uint8Array>): Promise<Outcome<Executable>> => {
    const run = (e: Executable) => {
      for (const [input, bytes] of inputs) e.write(input, bytes)
      return e.run()
    }
    const e = await executable(name)
    if (run(e).ok) return { ok: true, value: e }
    const slow = await backend.compile(graphs[name], { ...options, lowering: 'unfused' })
    const result = run(slow)
    await slow.close()
    return { ok: false, diverged: { graph: name, operator: operatorName(graphs[name], result) } }
  }

  const loadStep = (e: Executable, replica: number, step: number) => {
    const graph = graphs.inner
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
    if (graph.inputs.key !== undefined) e.write('key', key(replica, step))
  }

  const loadUnit = (e: Executable, { global, replicaState, resume }: UnitRequest) => {
    const from = resume?.checkpoint
    for (const { name } of checkpointSlots(model)) {
      const bytes = from?.get(name) ?? global.get(name) ?? replicaState.get(name)
      if (bytes !== undefined) e.write(name, bytes)
      else e.write(name, new Uint8Array(e.read(name).length)) // moments after a reset, the unit's loss
    }
  }

  /** Repeats a unit unfused up to the step that diverged, to name the operator. */
  const locate = async (request: UnitRequest, failing: number): Promise<Divergence> => {
    const e = await backend.compile(graphs.inner, { ...options, lowering: 'unfused' })
    loadUnit(e, request)
    const base = request.round * spec.schedule.innerSteps
    for (let done = request.resume?.done ?? 0; ; done++) {
      loadStep(e, request.replica, base + done)
      const result = e.run()
      if (result.ok && done < failing) continue
      await e.close()
      return { graph: 'inner', operator: operatorName(graphs.inner, result), step: base + done }
    }
  }

  const finishUnit = async (
    e: Executable,
    request: UnitRequest,
    checkpointRoots: readonly HashHex[],
  ): Promise<Outcome<UnitResult>> => {
    const inputs = new Map<string, Uint8Array>()
    for (const name of names) {
      inputs.set(name, request.global.get(name) as Uint8Array)
      inputs.set(localParameter(name), copyOf(e.read(name)))
      const error = request.replicaState.get(errorFeedback(name))
      inputs.set(errorFeedback(name), error ?? new Uint8Array(e.read(name).length))
    }
    const closing = await runOnce('update', inputs)
    if (!closing.ok) return closing
    const update = new Map(names.map(name => [name, copyOf(closing.value.read(updateOf(name, 0)))]))
    const steps = (request.round + 1) * spec.schedule.innerSteps
    const slots = replicaSlots(model, spec.outer.innerState)
    const replicaState: State = new Map(
      slots.map(({ name }) => [
        name,
        name === STEP ? counterBytes(steps) : copyOf((name in graphs.inner.inputs ? e : closing.value).read(name)),
      ]),
    )
    return {
      ok: true,
      value: {
        update,
        updateHash: hashUpdate(hash, names, update),
        replicaState,
        replicaRoot: rootOf(hash, slots, name => replicaState.get(name) as Uint8Array),
        checkpointRoots,
        lossBits: firstWord(e.read(UNIT_LOSS), 'getUint32'),
      },
    }
  }

  return {
    async initialState() {
      const outcome = await runOnce('initial', new Map([['key', key(0, 0)]]))
      if (!outcome.ok) return outcome
      const state = globalSlots(model).map(({ name, shape }): [string, Uint8Array] => {
        const isParameter = name in graphs.initial.outputs
        return [
          name,
          isParameter ? copyOf(outcome.value.read(name)) : new Uint8Array(4 * shape.reduce((n, s) => n * s, 1)),
        ]
      })
      return { ok: true, value: new Map(state) }
    },

    async runUnit(request) {
      const e = await executable('inner')
      loadUnit(e, request)
      const { innerSteps } = spec.schedule
      const checkpoints = new Set(checkpointSteps(spec.schedule))
      const slots = checkpointSlots(model)
      const roots = [...(request.resume?.checkpointRoots ?? [])]
      for (let done = request.resume?.done ?? 0; done < innerSteps; ) {
        loadStep(e, request.replica, request.round * innerSteps + done)
        if (!e.run().ok) return { ok: false, diverged: await locate(request, done) }
        done++
        if (checkpoints.has(done)) roots.push(rootOf(hash, slots, name => e.read(name)))
        const report: StepReport = {
          done,
          loss: firstWord(e.read('loss'), 'getFloat32'),
          gradientNorm: Math.sqrt(firstWord(e.read('squaredNorm'), 'getFloat32')),
          progress: () => ({
            done,
            checkpoint: new Map(slots.map(({ name }) => [name, copyOf(e.read(name))])),
            checkpointRoots: [...roots],
          }),
        }
        if ((await request.onStep?.(report)) === 'stop') return undefined
      }
      return finishUnit(e, request, roots)
    },

    async applyOuterStep(global, updates) {
      const inputs = new Map<string, Uint8Array>()
      for (const name of names) {
        inputs.set(name, global.get(name) as Uint8Array)
        inputs.set(outerMomentum(name), global.get(outerMomentum(name)) as Uint8Array)
        for (const [replica, update] of updates.entries())
          inputs.set(updateOf(name, replica), update.get(name) as Uint8Array)
      }
      const outcome = await runOnce('outer', inputs)
      if (!outcome.ok) return outcome
      const round = firstWord(global.get(ROUND) as Uint8Array, 'getUint32') + 1
      const next = globalSlots(model).map(({ name }): [string, Uint8Array] => [
        name,
        name === ROUND ? counterBytes(round) : copyOf(outcome.value.read(name)),
      ])
      return { ok: true, value: new Map(next) }
    },

    async evaluate(global) {
      const e = await executable('evaluation')
      const inputs = new Map(names.map(name => [name, global.get(name) as Uint8Array]))
      inputs.set(MEAN_LOSS, new Uint8Array(4))
      let [correct, total] = [0, 0]
      for (const { x, targets } of evaluationBatches(spec, data)) {
        inputs.set('x', x).set('targets', targets)
        const outcome = await runOnce('evaluation', inputs)
        if (!outcome.ok) return outcome
        inputs.set(MEAN_LOSS, copyOf(e.read(MEAN_LOSS)))
        correct += correctPredictions(e.read('logits'), targets)
        total += targets.length / 4
      }
      return { ok: true, value: { lossBits: firstWord(e.read(MEAN_LOSS), 'getUint32'), accuracy: correct / total } }
    },

    memoryBytes: () => [...compiled.values()].reduce((sum, e) => sum + e.memoryBytes, 0),
    async close() {
      await Promise.all([...compiled.values()].map(e => e.close()))
      compiled.clear()
    },
  }
}

function operatorName({ nodes }: Graph, result: { readonly ok: boolean; readonly operator?: number }): string {
  const id = result.operator ?? -1
  return `${id} ${nodes[id]?.operator ?? 'unknown'}`
}

/** Hashes an update blob: its tensors in parameter order, whose sizes the program fixes. */
function hashUpdate(hash: HashFunction, names: readonly string[], update: State): HashHex {
  return hashToHex(hash(...names.map(name => update.get(name) as Uint8Array)))
}
