/**
 * The tensors a job's state is made of, and their roots (SPEC: protocol.md section 2). Global state: parameters, outer
 * momentum, round. Replica state: inner moments, error feedback, step counter; empty with `innerState: reset`. Update: the
 * quantised parameters' moves.
 */
import { type DType, sizeBytes } from '@cairn/engine'
import type { Hash, HashFunction, HashHex } from '@cairn/primitives'
import { hashToHex } from '@cairn/primitives'
import { type JobSpec, stateRoot, tensorRoots } from '@cairn/protocol'
import { firstMoment, secondMoment, UNIT_LOSS } from '../compile/inner-graph.ts'
import { asMatrix, errorFeedback, outerMomentum, UPDATE_WIDTH } from '../compile/outer-graphs.ts'
import type { Model } from '../models/model.ts'

export interface TensorSlot {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** Tensors by name, little-endian bytes. */
export type State = ReadonlyMap<string, Uint8Array>

const f32 = (name: string, shape: readonly number[]): TensorSlot => ({ name, dtype: 'f32', shape })
const i32 = (name: string): TensorSlot => ({ name, dtype: 'i32', shape: [1] })

/** Counter of finished rounds in the global state, and of finished inner steps in a replica's. */
export const ROUND = 'round'
export const STEP = 'step'

export function globalSlots({ parameters }: Model): TensorSlot[] {
  return [...parameters.flatMap(({ name, shape }) => [f32(name, shape), f32(outerMomentum(name), shape)]), i32(ROUND)]
}

const momentSlots = ({ parameters }: Model) =>
  parameters.flatMap(({ name, shape }) => [f32(firstMoment(name), shape), f32(secondMoment(name), shape)])

export function replicaSlots(model: Model, innerState: JobSpec['outer']['innerState']): TensorSlot[] {
  if (innerState === 'reset') return []
  return [
    ...momentSlots(model),
    ...model.parameters.map(({ name, shape }) => f32(errorFeedback(name), shape)),
    i32(STEP),
  ]
}

/** An update's tensors bear the names of the parameters they move. */
export function updateSlots({ parameters }: Model): TensorSlot[] {
  return parameters.map(({ name, shape }) => ({ name, dtype: UPDATE_WIDTH, shape: asMatrix(shape) }))
}

/** What a checkpoint inside a unit holds: all that the inner step carries. */
export function checkpointSlots(model: Model): TensorSlot[] {
  return [...model.parameters.map(({ name, shape }) => f32(name, shape)), ...momentSlots(model), f32(UNIT_LOSS, [1])]
}

export function zeroState(slots: readonly TensorSlot[]): State {
  return new Map(slots.map(slot => [slot.name, new Uint8Array(sizeBytes(slot))]))
}

export const counterBytes = (value: number): Uint8Array => new Uint8Array(Int32Array.of(value).buffer)

/** Computes a state's root from the bytes of its tensors. */
export function rootOf(hash: HashFunction, slots: readonly TensorSlot[], read: (name: string) => Uint8Array): HashHex {
  const roots = tensorRoots(
    hash,
    slots.map(({ name, dtype }) => ({ dtype, bytes: read(name) })),
  )
  const entries = slots.map(({ name, dtype, shape }, i) => ({ name, dtype, shape, root: roots[i] as Hash }))
  return hashToHex(stateRoot(hash, entries))
}

export const rootOfState = (hash: HashFunction, slots: readonly TensorSlot[], state: State): HashHex =>
  rootOf(hash, slots, name => state.get(name) as Uint8Array)
