import { blobIdOf, manifestOf } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { hash, tinyJob } from '../testing/tiny-job.ts'
import { checkpointSlots, globalSlots, replicaSlots, rootOfState, type State, updateSlots } from './state.ts'
import { stateFromBytes, stateFromParts, stateParts, stateSizeBytes } from './state-blob.ts'

const { model } = tinyJob().program
const kinds = {
  global: globalSlots(model),
  replica: replicaSlots(model, 'keep'),
  'empty replica': replicaSlots(model, 'reset'),
  checkpoint: checkpointSlots(model),
  update: updateSlots(model),
}

const filled = (slots: (typeof kinds)['global']): State => {
  const parts = slots.map((slot, i) => [slot.name, new Uint8Array(stateSizeBytes([slot])).fill(i)] as const)
  return new Map(parts)
}

test.each(Object.entries(kinds))('the blob of a %s state has its root as id, and gives the state back', (_, slots) => {
  const state = filled(slots)
  const parts = stateParts(slots, state)
  expect(blobIdOf(hash, manifestOf(hash, parts))).toBe(rootOfState(hash, slots, state))
  const stored = Uint8Array.from(parts.flatMap(part => [...part.bytes]))
  expect(new Map(stateFromBytes(slots, stored))).toEqual(state)
  expect(new Map(stateFromParts(slots, parts))).toEqual(state)
})

test('what is not made of the tensors of a state is none', () => {
  const slots = kinds.update
  const parts = stateParts(slots, filled(slots))
  expect(stateFromBytes(slots, new Uint8Array(stateSizeBytes(slots) + 1))).toBeUndefined()
  expect(stateFromParts(slots, parts.slice(1))).toBeUndefined()
  expect(stateFromParts(slots, stateParts(kinds.global, filled(kinds.global)))).toBeUndefined()
  expect(stateFromParts(slots, [{ ...parts[0]!, shape: [1, 1] }, ...parts.slice(1)])).toBeUndefined()
})
