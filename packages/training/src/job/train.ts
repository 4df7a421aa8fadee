/**
 * Trains a job in one process, from wherever its store left off: rounds of units, outer steps, evaluations. After every
 * unit the store holds what is needed to go on, so a kill at any moment costs at most the work since the last save.
 */
import { type HashFunction, type HashHex, InputError, InternalError } from '@cairn/primitives'
import { type Commitment, evaluatesAfter, jobId, type Receipt, type ReceiptRound, specHash } from '@cairn/protocol'
import type { JobProgram } from '../compile/program.ts'
import type { Evaluation, Executor } from '../execute/executor.ts'
import type { Divergence, Outcome } from '../execute/outcome.ts'
import {
  checkpointSlots,
  globalSlots,
  replicaSlots,
  rootOfState,
  type State,
  updateSlots,
  zeroState,
} from '../execute/state.ts'
import type { StepReport, UnitProgress } from '../execute/unit.ts'
import { droppedStates, type Keep, sampleKept } from './keep.ts'
import {
  decodeRecord,
  encodeRecord,
  type KeptUnit,
  parseState,
  type RunRecord,
  type RunStore,
  stateBytes,
} from './run-store.ts'

export type TrainEvent =
  | {
      readonly kind: 'step'
      readonly round: number
      readonly replica: number
      readonly done: number
      readonly loss: number
      readonly gradientNorm: number
    }
  | { readonly kind: 'unit'; readonly round: number; readonly replica: number; readonly commitment: Commitment }
  | {
      readonly kind: 'round'
      readonly round: number
      readonly globalRoot: HashHex
      readonly global: State
      readonly evaluation?: Evaluation
    }
  | { readonly kind: 'resumed'; readonly round: number; readonly units: number; readonly step: number }

export interface TrainOptions {
  readonly hash: HashFunction
  readonly store: RunStore
  /** Hashes of the data, as the receipt will name them. */
  readonly data: Receipt['data']
  /** Initial global state when it does not come from the seed. */
  readonly initial?: State
  /** Which states to keep for checking units later; see `keep.ts`. */
  readonly keep: Keep
  /** Called after every inner step; lets signals in. */
  readonly onEvent: (event: TrainEvent) => Promise<void>
  /** Asked after every inner step; on `stop` the checkpoint is kept and training returns. */
  readonly shouldStop: () => boolean
  /** Asked after every inner step: whether to save a checkpoint now. */
  readonly shouldSave: () => boolean
}

export type TrainResult =
  | { readonly kind: 'finished'; readonly record: RunRecord; readonly global: State }
  | { readonly kind: 'stopped'; readonly record: RunRecord }
  | {
      readonly kind: 'diverged'
      readonly record: RunRecord
      readonly global: State
      readonly round: number
      readonly replica?: number
      readonly divergence: Divergence
    }

interface Run {
  readonly program: JobProgram
  readonly executor: Executor
  readonly options: TrainOptions
  record: RunRecord
}

const slotsOf = ({ program: { model, spec } }: Run) => ({
  global: globalSlots(model),
  replica: replicaSlots(model, spec.outer.innerState),
  checkpoint: checkpointSlots(model),
  update: updateSlots(model),
})

async function save(run: Run, record: RunRecord): Promise<void> {
  run.record = record
  await run.options.store.writeRecord(encodeRecord(run.options.hash, record))
}

/** Where a kind of state is stored, and the code of the error when it is not there. */
const STORED_AS = {
  global: ['state', 'MissingState'],
  replica: ['state', 'MissingState'],
  checkpoint: ['checkpoint', 'MissingState'],
  update: ['update', 'MissingUpdate'],
} as const

async function loadState(run: Run, which: keyof typeof STORED_AS, root: HashHex): Promise<State> {
  const [kind, code] = STORED_AS[which]
  const what = kind === 'update' ? 'update' : 'state'
  const bytes = await run.options.store.readBlob(kind, root)
  if (bytes === undefined)
    throw new InputError(code, `the ${what} ${root} is not in the output directory`, {
      path: `${what} ${root}`,
      expected: `the ${what} that the run record names`,
      found: 'no such file',
      fix: 'restore the file, or start again in an empty output directory',
    })
  return parseState(run.options.hash, slotsOf(run)[which], root, bytes, what)
}

async function start(
  program: JobProgram,
  executor: Executor,
  options: TrainOptions,
): Promise<Outcome<{ run: Run; global: State }>> {
  const stored = await options.store.readRecord()
  const identity: Identity = {
    specHash: specHash(options.hash, program.spec),
    programRoot: program.programRoot,
    data: options.data,
  }
  if (stored !== undefined) {
    const record = decodeRecord(options.hash, stored)
    assertSameJob(record, identity)
    const run: Run = { program, executor, options, record }
    const global = await loadState(run, 'global', record.rounds.at(-1)?.globalRoot ?? record.initialRoot)
    await options.onEvent({
      kind: 'resumed',
      round: record.rounds.length,
      units: record.units.length,
      step: record.pending?.done ?? 0,
    })
    return { ok: true, value: { run, global } }
  }
  const initial: Outcome<State> =
    options.initial === undefined ? await executor.initialState() : { ok: true, value: options.initial }
  if (!initial.ok) return initial
  const initialRoot = rootOfState(options.hash, globalSlots(program.model), initial.value)
  const run: Run = { program, executor, options, record: { ...identity, initialRoot, rounds: [], units: [] } }
  await options.store.writeBlob('state', initialRoot, stateBytes(slotsOf(run).global, initial.value))
  await save(run, run.record)
  return { ok: true, value: { run, global: initial.value } }
}

type Identity = Pick<RunRecord, 'specHash' | 'programRoot' | 'data'>

function assertSameJob(record: RunRecord, identity: Identity): void {
  const pairs: readonly [string, unknown, unknown][] = [
    ['specHash', record.specHash, identity.specHash],
    ['data.sha256', record.data.sha256, identity.data.sha256],
    ['data.blobSha256', record.data.blobSha256, identity.data.blobSha256],
    ['data.tokeniserHash', record.data.tokeniserHash, identity.data.tokeniserHash],
    ['programRoot', record.programRoot, identity.programRoot],
  ]
  const other = pairs.find(([, expected, found]) => expected !== found)
  if (other === undefined) return
  const [path, expected, found] = other
  throw new InputError('OtherJob', 'the output directory holds a run of another job', {
    path,
    expected: String(expected),
    found: String(found),
    fix: 'resume with the specification and data the run began with, or choose another --out',
  })
}

/** The replica state a unit starts from: what the replica left in the round before, or zeros. */
async function replicaStateBefore(run: Run, replica: number): Promise<State> {
  const slots = slotsOf(run).replica
  const before = run.record.rounds.at(-1)?.units[replica]
  if (before === undefined || slots.length === 0) return zeroState(slots)
  return loadState(run, 'replica', before.newReplicaRoot)
}

async function pendingProgress(run: Run, replica: number): Promise<UnitProgress | undefined> {
  const { pending } = run.record
  if (pending === undefined || pending.replica !== replica) return undefined
  const checkpoint = await loadState(run, 'checkpoint', pending.checkpoint)
  return { done: pending.done, checkpoint, checkpointRoots: pending.checkpointRoots }
}

async function saveProgress(run: Run, replica: number, report: StepReport): Promise<void> {
  const { done, checkpoint, checkpointRoots } = report.progress()
  const slots = slotsOf(run).checkpoint
  const root = rootOfState(run.options.hash, slots, checkpoint)
  const before = run.record.pending
  await run.options.store.writeBlob('checkpoint', root, stateBytes(slots, checkpoint))
  await save(run, { ...run.record, pending: { replica, done, checkpoint: root, checkpointRoots } })
  if (before !== undefined && before.checkpoint !== root)
    await run.options.store.deleteBlob('checkpoint', before.checkpoint)
}

type UnitOutcome =
  | 'stopped'
  | { readonly commitment: Commitment; readonly update: State }
  | { readonly divergence: Divergence }

async function trainUnit(run: Run, global: State, globalRoot: HashHex, replica: number): Promise<UnitOutcome> {
  const { program, executor, options } = run
  const round = run.record.rounds.length
  const slots = slotsOf(run).replica
  const replicaState = await replicaStateBefore(run, replica)
  const resume = await pendingProgress(run, replica)
  const { innerSteps } = program.spec.schedule
  const outcome = await executor.runUnit({
    round,
    replica,
    global,
    replicaState,
    ...(resume === undefined ? {} : { resume }),
    onStep: async report => {
      const { done, loss, gradientNorm } = report
      await options.onEvent({ kind: 'step', round, replica, done, loss, gradientNorm })
      const stop = options.shouldStop()
      if (done < innerSteps && (stop || options.shouldSave())) await saveProgress(run, replica, report)
      return stop && done < innerSteps ? 'stop' : undefined
    },
  })
  if (outcome === undefined) return 'stopped'
  if (!outcome.ok) return { divergence: outcome.diverged }
  const { value } = outcome
  const job = jobId(options.hash, run.record.specHash, run.record.programRoot)
  const commitment: Commitment = {
    unit: { job, round, replica, kind: 'train' },
    globalRoot,
    replicaRoot: rootOfState(options.hash, slots, replicaState),
    updateRoot: value.updateRoot,
    newReplicaRoot: value.replicaRoot,
    checkpointRoots: value.checkpointRoots,
    lossBits: value.lossBits,
  }
  await options.store.writeBlob('update', value.updateRoot, stateBytes(slotsOf(run).update, value.update))
  if (slots.length > 0) await options.store.writeBlob('state', value.replicaRoot, stateBytes(slots, value.replicaState))
  const { pending, ...rest } = run.record
  const unitsBefore = round * program.spec.schedule.replicas + replica
  const kept = sampleKept(options.keep, rest.kept ?? [], commitment, unitsBefore)
  await save(run, { ...rest, units: [...rest.units, commitment], ...(kept.length > 0 && { kept }) })
  if (pending !== undefined) await options.store.deleteBlob('checkpoint', pending.checkpoint)
  return { commitment, update: value.update }
}

/** Deletes what nothing needs any more: the round's updates, and states as `keep` says. */
async function prune(run: Run, finished: ReceiptRound, keptBefore: readonly KeptUnit[]): Promise<void> {
  const { store, keep } = run.options
  for (const { updateRoot } of finished.units) await store.deleteBlob('update', updateRoot)
  for (const root of droppedStates(keep, run.record, finished, keptBefore)) await store.deleteBlob('state', root)
}

/** Trains until the job is done, diverges, or is asked to stop. */
export async function train(program: JobProgram, executor: Executor, options: TrainOptions): Promise<TrainResult> {
  const { spec } = program
  const started = await start(program, executor, options)
  if (!started.ok)
    throw new InternalError('InitialDiverged', `initial weights left the domain at ${started.diverged.operator}`)
  const { run } = started.value
  let { global } = started.value
  while (run.record.rounds.length < spec.schedule.rounds) {
    const round = run.record.rounds.length
    const globalRoot = run.record.rounds.at(-1)?.globalRoot ?? run.record.initialRoot
    const keptBefore = run.record.kept ?? []
    const updates: State[] = []
    for (const { updateRoot } of run.record.units) updates.push(await loadState(run, 'update', updateRoot))
    for (let replica = updates.length; replica < spec.schedule.replicas; replica++) {
      // A unit's last step does not stop it, and a unit of one step has no other.
      if (options.shouldStop()) return { kind: 'stopped', record: run.record }
      const unit = await trainUnit(run, global, globalRoot, replica)
      if (unit === 'stopped') return { kind: 'stopped', record: run.record }
      if ('divergence' in unit)
        return { kind: 'diverged', record: run.record, global, round, replica, divergence: unit.divergence }
      updates.push(unit.update)
      await options.onEvent({ kind: 'unit', round, replica, commitment: unit.commitment })
    }
    const next = await executor.applyOuterStep(global, updates)
    if (!next.ok) return { kind: 'diverged', record: run.record, global, round, divergence: next.diverged }
    const evaluated = evaluatesAfter(spec, round) ? await executor.evaluate(next.value) : undefined
    if (evaluated !== undefined && !evaluated.ok)
      return { kind: 'diverged', record: run.record, global, round, divergence: evaluated.diverged }
    global = next.value
    const root = rootOfState(options.hash, slotsOf(run).global, global)
    const finished: ReceiptRound = {
      round,
      units: run.record.units.map(unit => ({ ...unit, checkpointRoots: [...unit.checkpointRoots] })),
      globalRoot: root,
      ...(evaluated === undefined ? {} : { evaluation: { lossBits: evaluated.value.lossBits } }),
    }
    await options.store.writeBlob('state', root, stateBytes(slotsOf(run).global, global))
    await save(run, { ...run.record, rounds: [...run.record.rounds, finished], units: [] })
    await prune(run, finished, keptBefore)
    await options.onEvent({
      kind: 'round',
      round,
      globalRoot: root,
      global,
      ...(evaluated === undefined ? {} : { evaluation: evaluated.value }),
    })
  }
  return { kind: 'finished', record: run.record, global }
}
