/** The weights a job ends with, as a safetensors file that other tools read, and its description in the receipt. */
import { asF32, sizeBytes } from '@cairn/engine'
import { type HashFunction, hashToHex } from '@cairn/primitives'
import type { Receipt } from '@cairn/protocol'
import { counterBytes, globalSlots, ROUND, type State } from '../execute/state.ts'
import type { Model } from '../models/model.ts'
import { fromCheckpoint, isCheckpointBuffer, toCheckpoint } from '../weights/names.ts'
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts'
import type { WeightTensor } from '../weights/tensor.ts'

/** Writes the parameters of a global state under the names of GPT-2 or Llama checkpoints. */
export function weightsFile({ parameters }: Model, global: State): Uint8Array {
  const tensors = parameters.map(
    ({ name, shape }): WeightTensor => ({ name, dtype: 'F32', shape, data: asF32(global.get(name) as Uint8Array) }),
  )
  return writeSafetensors(toCheckpoint(tensors))
}

/** Reads a checkpoint into a global state before the first round. Errors name the tensor. */
export function stateFromWeights(model: Model, bytes: Uint8Array, path: string): State {
  const shapes = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, shape]))
  const tensors = fromCheckpoint(readSafetensors(bytes, { path, ignore: isCheckpointBuffer }).tensors, shapes)
  const byName = new Map(
    tensors.map(({ name, data }) => [name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  )
  return new Map(
    globalSlots(model).map(slot => [
      slot.name,
      slot.name === ROUND ? counterBytes(0) : (byName.get(slot.name) ?? new Uint8Array(sizeBytes(slot))),
    ]),
  )
}

/** Bytes before the tensors: eight of length, then the header. */
export function headerOf(bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  return bytes.subarray(0, 8 + length)
}

/** Describes a weights file for the receipt: hashes of the whole, of the header and of every tensor. */
export function describeWeights(hash: HashFunction, file: string, bytes: Uint8Array): Receipt['weights'] {
  const tensors = readSafetensors(bytes, { path: file }).tensors.map(({ name, data }) => ({
    name,
    sha256: hashToHex(hash(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))),
  }))
  return {
    file,
    sha256: hashToHex(hash(bytes)),
    sizeBytes: bytes.length,
    headerSha256: hashToHex(hash(headerOf(bytes))),
    tensors,
  }
}
