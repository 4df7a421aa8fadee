/**
 * Checks a receipt by doing the work again: all of it, or some units whose input states were kept. A disagreement is a
 * value that names the first place that differs, never an exception.
 */
import { type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import { type Commitment, evaluatesAfter, type JobId, jobId, type Receipt, type ReceiptRound } from '@cairn/protocol'
import type { JobProgram } from '../compile/program.ts'
import type { Evaluation, Executor } from '../execute/executor.ts'
import type { Outcome } from '../execute/outcome.ts'
import { globalSlots, replicaSlots, rootOfState, type State, zeroState } from '../execute/state.ts'
import { parseState, type RunStore } from './run-store.ts'
import { describeWeights, headerOf, weightsFile } from './weights-file.ts'

export type Verdict =
  | { readonly ok: true; readonly units: number }
  | { readonly ok: false; readonly path: string; readonly expected: string; readonly found: string }

export interface VerifyOptions {
  readonly hash: HashFunction
  readonly program: JobProgram
  readonly executor: Executor
  readonly receipt: Receipt
  readonly initial?: State
  readonly onUnit: (round: number, replica: number) => Promise<void>
}

const agreed: Verdict = { ok: true, units: 0 }

/** Compares values of one name; equal ones agree. */
function compare(path: string, claimed: unknown, found: unknown): Verdict {
  const [expected, actual] = [claimed, found].map(value => JSON.stringify(value) ?? 'nothing') as [string, string]
  return expected === actual ? agreed : { ok: false, path, expected, found: actual }
}

const firstDisagreement = (verdicts: readonly Verdict[]): Verdict => verdicts.find(v => !v.ok) ?? agreed

/** Compares a weights file with the receipt; names the header or the tensor that was changed. */
export function verifyWeights(hash: HashFunction, receipt: Receipt, bytes: Uint8Array): Verdict {
  const { weights } = receipt
  if (hashToHex(hash(bytes)) === weights.sha256 && bytes.length === weights.sizeBytes) return agreed
  const header = bytes.length < 8 ? '' : hashToHex(hash(headerOf(bytes)))
  if (header !== weights.headerSha256)
    return {
      ok: false,
      path: `${weights.file}: header`,
      expected: weights.headerSha256,
      found: header || 'too few bytes',
    }
  const found = describeWeights(hash, weights.file, bytes)
  const tensors = weights.tensors.map(({ name, sha256 }, i) =>
    compare(`${weights.file}: tensor ${name}`, sha256, found.tensors[i]?.sha256),
  )
  return firstDisagreement([...tensors, compare(`${weights.file}: sha256`, weights.sha256, found.sha256)])
}

/** Compares what the receipt says about job and data with the compiled program and the data at hand. */
export function verifyIdentity(
  { receipt, program }: Pick<VerifyOptions, 'receipt' | 'program'>,
  data: Receipt['data'],
): Verdict {
  const facts = (['sha256', 'blobSha256', 'tokens', 'tokeniserHash'] as const).map(key =>
    compare(`data.${key}`, receipt.data[key], data[key]),
  )
  return firstDisagreement([...facts, compare('programRoot', receipt.programRoot, program.programRoot)])
}

interface UnitStart {
  readonly round: number
  readonly replica: number
  readonly global: State
  readonly globalRoot: HashHex
  readonly replicaState: State
}

type UnitCheck = { readonly verdict: Verdict; readonly update: State; readonly replicaState: State }

/** The job that units name: in one process it follows from the specification, in a network from the job document. */
const jobOf = (hash: HashFunction, { network, specHash, programRoot }: Receipt): JobId =>
  network?.job ?? jobId(hash, specHash, programRoot)

/** Does one unit again and compares every field of its commitment. */
async function checkUnit(o: VerifyOptions, start: UnitStart): Promise<UnitCheck> {
  const { hash, program, receipt } = o
  const { round, replica, global, replicaState } = start
  const path = `rounds[${round}].units[${replica}]`
  const slots = replicaSlots(program.model, program.spec.outer.innerState)
  await o.onUnit(round, replica)
  const outcome = await o.executor.runUnit({ round, replica, global, replicaState, onStep: async () => undefined })
  if (outcome === undefined || !outcome.ok) {
    return {
      verdict: { ok: false, path, expected: 'a finished unit', found: `diverged at ${outcome?.diverged.operator}` },
      update: new Map(),
      replicaState,
    }
  }
  const { value } = outcome
  const claimed = receipt.rounds[round]?.units[replica]
  const actual: Commitment = {
    unit: { job: jobOf(hash, receipt), round, replica, kind: 'train' },
    globalRoot: start.globalRoot,
    replicaRoot: rootOfState(hash, slots, replicaState),
    checkpointRoots: value.checkpointRoots,
    lossBits: value.lossBits,
    updateRoot: value.updateRoot,
    newReplicaRoot: value.replicaRoot,
  }
  const fields = (Object.keys(actual) as (keyof Commitment)[]).map(key =>
    compare(`${path}.${key}`, claimed?.[key], actual[key]),
  )
  return { verdict: firstDisagreement(fields), update: value.update, replicaState: value.replicaState }
}

async function initialState(o: VerifyOptions): Promise<Outcome<State>> {
  return o.initial === undefined ? o.executor.initialState() : { ok: true, value: o.initial }
}

/** Where the receipt says the job left the domain, the repetition must leave it too, at the same operator. */
async function checkDivergence(o: VerifyOptions, global: State, replicaStates: readonly State[]): Promise<Verdict> {
  const { diverged, spec } = o.receipt
  if (diverged === undefined) return agreed
  const updates: State[] = []
  for (let replica = 0; replica < spec.schedule.replicas; replica++) {
    const outcome = await o.executor.runUnit({
      round: diverged.round,
      replica,
      global,
      replicaState: replicaStates[replica] as State,
    })
    if (outcome === undefined) continue
    if (!outcome.ok) {
      const { graph, operator, step } = outcome.diverged
      const place = step === undefined ? {} : { replica, step }
      return compare('diverged', diverged, { round: diverged.round, ...place, operator: `${graph} ${operator}` })
    }
    updates.push(outcome.value.update)
  }
  const outer = await o.executor.applyOuterStep(global, updates)
  const evaluates = evaluatesAfter(spec, diverged.round)
  const failed = outer.ok && evaluates ? await o.executor.evaluate(outer.value) : outer
  if (failed.ok) return { ok: false, path: 'diverged', expected: JSON.stringify(diverged), found: 'no divergence' }
  return compare('diverged', diverged, {
    round: diverged.round,
    operator: `${failed.diverged.graph} ${failed.diverged.operator}`,
  })
}

/** Compares what a receipt says of an evaluation; only a network's says how many predictions were right. */
function compareEvaluations(path: string, { evaluation }: ReceiptRound, found?: Outcome<Evaluation>): Verdict[] {
  const { lossBits, correct, total } = found?.ok ? found.value : {}
  const isCounted = evaluation?.total !== undefined
  return [
    compare(`${path}.lossBits`, evaluation?.lossBits, lossBits),
    compare(`${path}.correct`, evaluation?.correct, isCounted ? correct : undefined),
    compare(`${path}.total`, evaluation?.total, isCounted ? total : undefined),
  ]
}

/** Does the whole job again, from the initial weights to the weights file. */
export async function verifyWhole(o: VerifyOptions): Promise<Verdict> {
  const { hash, program, receipt, executor } = o
  const { spec, model } = program
  const slots = globalSlots(model)
  const start = await initialState(o)
  if (!start.ok) return { ok: false, path: 'initialRoot', expected: receipt.initialRoot, found: 'diverged' }
  let global = start.value
  let replicaStates = Array.from({ length: spec.schedule.replicas }, () =>
    zeroState(replicaSlots(model, spec.outer.innerState)),
  )
  let globalRoot = rootOfState(hash, slots, global)
  const first = compare('initialRoot', receipt.initialRoot, globalRoot)
  if (!first.ok) return first
  for (const [round, claimed] of receipt.rounds.entries()) {
    const updates: State[] = []
    const nextStates: State[] = []
    for (const [replica, replicaState] of replicaStates.entries()) {
      const unit = await checkUnit(o, { round, replica, global, globalRoot, replicaState })
      if (!unit.verdict.ok) return unit.verdict
      updates.push(unit.update)
      nextStates.push(unit.replicaState)
    }
    const outer = await executor.applyOuterStep(global, updates)
    if (!outer.ok)
      return {
        ok: false,
        path: `rounds[${round}].globalRoot`,
        expected: claimed.globalRoot,
        found: `diverged at ${outer.diverged.operator}`,
      }
    global = outer.value
    globalRoot = rootOfState(hash, slots, global)
    if (spec.outer.innerState === 'keep') replicaStates = nextStates
    const evaluated = evaluatesAfter(spec, round) ? await executor.evaluate(global) : undefined
    const verdict = firstDisagreement([
      compare(`rounds[${round}].globalRoot`, claimed.globalRoot, globalRoot),
      ...compareEvaluations(`rounds[${round}].evaluation`, claimed, evaluated),
    ])
    if (!verdict.ok) return verdict
  }
  const ending = firstDisagreement([
    await checkDivergence(o, global, replicaStates),
    compare('finalStateRoot', receipt.finalStateRoot, globalRoot),
    compare('weights', receipt.weights, describeWeights(hash, receipt.weights.file, weightsFile(model, global))),
  ])
  return ending.ok ? { ok: true, units: receipt.rounds.length * spec.schedule.replicas } : ending
}

export interface UnitChoice {
  readonly round: number
  readonly replica: number
}

/** Does some units again from kept states, and checks that the weights file comes from the final state. */
export async function verifyUnits(o: VerifyOptions, store: RunStore, units: readonly UnitChoice[]): Promise<Verdict> {
  const { hash, program, receipt } = o
  const load = async (root: HashHex, which: 'global' | 'replica'): Promise<State | undefined> => {
    const slots =
      which === 'global' ? globalSlots(program.model) : replicaSlots(program.model, program.spec.outer.innerState)
    const bytes = slots.length === 0 ? new Uint8Array() : await store.readBlob('state', root)
    return bytes === undefined ? undefined : parseState(hash, slots, root, bytes)
  }
  const missing = (root: HashHex): Verdict => ({
    ok: false,
    path: `states/${root}`,
    expected: 'the state that the unit starts from',
    found: 'no such file; verify the whole receipt instead',
  })
  for (const { round, replica } of units) {
    const claimed = receipt.rounds[round]?.units[replica] as Commitment
    const global = await load(claimed.globalRoot, 'global')
    if (global === undefined) return missing(claimed.globalRoot)
    const fresh = round === 0 || program.spec.outer.innerState === 'reset'
    const replicaState = fresh
      ? zeroState(replicaSlots(program.model, program.spec.outer.innerState))
      : await load(claimed.replicaRoot, 'replica')
    if (replicaState === undefined) return missing(claimed.replicaRoot)
    const { verdict } = await checkUnit(o, { round, replica, global, globalRoot: claimed.globalRoot, replicaState })
    if (!verdict.ok) return verdict
  }
  const final = await load(receipt.finalStateRoot, 'global')
  if (final === undefined) return missing(receipt.finalStateRoot)
  const weights = compare(
    'weights',
    receipt.weights,
    describeWeights(hash, receipt.weights.file, weightsFile(program.model, final)),
  )
  return weights.ok ? { ok: true, units: units.length } : weights
}
