/**
 * Units half done, in files: what a process that was killed goes on from. A file is a hash of the rest, the length of its
 * head, the head (canonical CBOR) and the checkpoint's bytes. A damaged one counts as none: it can only cost time.
 */
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  concat,
  decodeCanonical,
  encodeCanonical,
  equal,
  type HashHex,
  hashToHex,
  readU32le,
  u32le,
} from '@cairn/primitives'
import type { StepValues } from '@cairn/protocol'
import { stateFromBytes, stateParts, type TensorSlot, type UnitProgress } from '@cairn/training'
import { sha256 } from '../files/hash.ts'
import { makeDirectory, writeWhole } from '../files/read-write.ts'

/** Which unit, from which states. */
export interface UnitStart {
  readonly document: HashHex
  readonly round: number
  readonly replica: number
  readonly globalRoot: HashHex
  readonly replicaRoot: HashHex
}

/** Where a unit stands, and what its steps so far left for audits. */
export interface SavedProgress extends UnitProgress {
  readonly values: readonly StepValues[]
}

type Head = Pick<SavedProgress, 'done' | 'checkpointRoots' | 'values'>

/** Leases come and go; progress of older ones is not kept for ever. */
const MOST_FILES = 8
const ENDING = '.progress'
const HASH_BYTES = 32

const pathOf = (directory: string, { document, round, replica, globalRoot, replicaRoot }: UnitStart): string =>
  join(directory, hashToHex(sha256(encodeCanonical([document, round, replica, globalRoot, replicaRoot]))) + ENDING)

/** Deletes the oldest files beyond the most that are kept. */
async function prune(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter(name => name.endsWith(ENDING))
  if (names.length <= MOST_FILES) return
  const aged = await Promise.all(names.map(async name => ({ name, at: (await stat(join(directory, name))).mtimeMs })))
  const old = aged.sort((a, b) => b.at - a.at).slice(MOST_FILES)
  await Promise.all(old.map(({ name }) => rm(join(directory, name), { force: true })))
}

/** Replaces a unit's progress at once. Throws `ResourceError`. */
export async function saveProgress(
  directory: string,
  start: UnitStart,
  slots: readonly TensorSlot[],
  { done, checkpointRoots, checkpoint, values }: SavedProgress,
): Promise<void> {
  await makeDirectory(directory)
  const head = encodeCanonical({ done, checkpointRoots, values })
  const rest = [u32le(head.length), head, ...stateParts(slots, checkpoint).map(part => part.bytes)]
  await writeWhole(pathOf(directory, start), sha256(...rest), ...rest)
  await prune(directory)
}

/** Reads a unit's progress; undefined when there is none, or none that is whole. */
export async function readProgress(
  directory: string,
  start: UnitStart,
  slots: readonly TensorSlot[],
): Promise<SavedProgress | undefined> {
  const bytes = await readFile(pathOf(directory, start)).catch(() => new Uint8Array())
  const rest = bytes.subarray(HASH_BYTES)
  if (!equal(sha256(rest), bytes.subarray(0, HASH_BYTES))) return undefined
  const length = readU32le(rest)
  const { done, checkpointRoots, values } = decodeCanonical(rest.subarray(4, 4 + length)) as unknown as Head
  const checkpoint = stateFromBytes(slots, concat(rest.subarray(4 + length)))
  return checkpoint && { done, checkpointRoots, checkpoint, values }
}

/** Forgets a unit's progress: it is done. */
export const deleteProgress = (directory: string, start: UnitStart): Promise<void> =>
  rm(pathOf(directory, start), { force: true })
