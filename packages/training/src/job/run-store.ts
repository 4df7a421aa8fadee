/**
 * What a run leaves behind so that it can go on and be checked: a record of what was done, and blobs by hash (states,
 * updates, the checkpoint of a unit under way). The command line keeps them in files; a browser could keep them elsewhere.
 */
import {
  decodeCanonical,
  encodeCanonical,
  equal,
  type HashFunction,
  type HashHex,
  IntegrityError,
} from '@cairn/primitives'
import type { Commitment, Receipt, ReceiptRound } from '@cairn/protocol'
import { rootOfState, type State, type TensorSlot } from '../execute/state.ts'
import { stateFromBytes, stateParts, stateSizeBytes } from '../execute/state-blob.ts'

/** A unit that was interrupted: which, how far, and the root of its checkpoint. */
interface PendingUnit {
  readonly replica: number
  readonly done: number
  readonly checkpoint: HashHex
  readonly checkpointRoots: readonly HashHex[]
}

/** A unit whose input states are kept for later checks. */
export interface KeptUnit {
  readonly round: number
  readonly replica: number
  readonly globalRoot: HashHex
  readonly replicaRoot: HashHex
}

export interface RunRecord {
  readonly specHash: HashHex
  readonly programRoot: HashHex
  /** Hashes of the data that the run reads: a changed file must not be mixed into it. */
  readonly data: Receipt['data']
  readonly initialRoot: HashHex
  /** Finished rounds. */
  readonly rounds: readonly ReceiptRound[]
  /** Units of the round under way that are finished, in replica order. */
  readonly units: readonly Commitment[]
  readonly pending?: PendingUnit
  /** Units whose input states are kept, when the run keeps a sample of them. */
  readonly kept?: readonly KeptUnit[]
}

export type BlobKind = 'state' | 'update' | 'checkpoint'

export interface RunStore {
  readRecord(): Promise<Uint8Array | undefined>
  /** Replaces the record at once: a crash leaves the old one or the new one. */
  writeRecord(bytes: Uint8Array): Promise<void>
  readBlob(kind: BlobKind, hash: HashHex): Promise<Uint8Array | undefined>
  writeBlob(kind: BlobKind, hash: HashHex, parts: readonly Uint8Array[]): Promise<void>
  deleteBlob(kind: BlobKind, hash: HashHex): Promise<void>
}

/** Encodes a record: the hash of its canonical CBOR, then the CBOR. */
export function encodeRecord(hash: HashFunction, record: RunRecord): Uint8Array {
  const body = encodeCanonical(record)
  const bytes = new Uint8Array(32 + body.length)
  bytes.set(hash(body))
  bytes.set(body, 32)
  return bytes
}

const damaged = (what: string, expected: string, found: string) =>
  new IntegrityError('CorruptCheckpoint', `${what} is damaged`, {
    path: what,
    expected,
    found,
    fix: 'restore the file from a copy, or start again in an empty output directory',
  })

/** Decodes a record. Throws `IntegrityError` (`CorruptCheckpoint`) when its bytes are not what its hash says. */
export function decodeRecord(hash: HashFunction, bytes: Uint8Array): RunRecord {
  const body = bytes.subarray(32)
  if (!equal(hash(body), bytes.subarray(0, 32)))
    throw damaged('the run record', 'a record that matches its hash', `${bytes.length} other bytes`)
  return decodeCanonical(body) as unknown as RunRecord
}

/** Lists a state's bytes as they are stored: as the state's blob. */
export const stateBytes = (slots: readonly TensorSlot[], state: State): Uint8Array[] =>
  stateParts(slots, state).map(part => part.bytes)

/** Cuts stored bytes into a state and checks its root. `what` names the bytes in errors. */
export function parseState(
  hash: HashFunction,
  slots: readonly TensorSlot[],
  root: HashHex,
  bytes: Uint8Array,
  what = 'state',
): State {
  const path = `${what} ${root}`
  const state = stateFromBytes(slots, bytes)
  if (state === undefined) throw damaged(path, `${stateSizeBytes(slots)} bytes`, `${bytes.length} bytes`)
  const found = rootOfState(hash, slots, state)
  if (found !== root) throw damaged(path, `root ${root}`, `root ${found}`)
  return state
}
