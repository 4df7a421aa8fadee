/**
 * States as blobs (SPEC: docs/spec/roots.md): a blob's parts are the state's tensors in the order of their names, and its
 * id is the state's root. Not here: hashing; whoever stores or fetches a blob has checked its bytes against its id.
 */
import { sizeBytes } from '@cairn/engine'
import { type BlobPart, orderedEntries } from '@cairn/protocol'
import type { State, TensorSlot } from './state.ts'

/** One tensor of a state with its bytes: a part of the state's blob. */
export interface StatePart extends TensorSlot {
  readonly bytes: Uint8Array
}

/** Lists the parts of a state's blob in the order of its bytes, which are not copied. */
export const stateParts = (slots: readonly TensorSlot[], state: State): StatePart[] =>
  orderedEntries(slots).map(slot => ({ ...slot, bytes: state.get(slot.name) as Uint8Array }))

/** Counts the bytes of a state's blob. */
export const stateSizeBytes = (slots: readonly TensorSlot[]): number =>
  slots.reduce((n, slot) => n + sizeBytes(slot), 0)

/** Takes the parts of a blob as a state; undefined when they are not the tensors that the state is made of. */
export function stateFromParts(slots: readonly TensorSlot[], parts: readonly BlobPart[]): State | undefined {
  const text = (part: Omit<BlobPart, 'bytes'>) => `${part.name}: ${part.dtype}[${part.shape.join()}]`
  const ordered = orderedEntries(slots)
  const isSame =
    parts.length === slots.length && parts.every((part, i) => text(part) === text(ordered[i] as TensorSlot))
  return isSame ? new Map(parts.map(({ name, bytes }) => [name, bytes])) : undefined
}

/** Cuts the bytes of a blob into a state, without copying; undefined when they are too many or too few. */
export function stateFromBytes(slots: readonly TensorSlot[], bytes: Uint8Array): State | undefined {
  if (bytes.length !== stateSizeBytes(slots)) return undefined
  let at = 0
  return new Map(
    orderedEntries(slots).map(slot => {
      at += sizeBytes(slot)
      return [slot.name, bytes.subarray(at - sizeBytes(slot), at)]
    }),
  )
}
