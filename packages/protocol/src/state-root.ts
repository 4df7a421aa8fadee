/**
 * Roots of tensors and of states: the hashes that commitments, checkpoints, disputes and receipts speak of.
 * SPEC: protocol.md section 2; docs/spec/roots.md. A tensor's bytes are little-endian f32 or i32, or whole quantised
 * blocks of 32 mantissas with their scale exponent (numerics.md N1). `u8` is plain bytes: documents, programs, data.
 * Not here: tensors. This file sees bytes; shapes and dtypes are only written down.
 */
import {
  encodeCanonical,
  type Hash,
  type HashFunction,
  InputError,
  IntegrityError,
  type LeafBytes,
  leafRoots,
  merkleRoot,
} from '@cairn/primitives'

export type TensorDtype = 'f32' | 'i32' | 'mx8' | 'mx12' | 'u8'

/** One tensor of a state. */
export interface StateEntry {
  readonly name: string
  readonly dtype: TensorDtype
  /** Dimensions in elements, outermost first; a scalar has none. */
  readonly shape: readonly number[]
  readonly root: Hash
}

const LEAF_SIZE_BYTES = 4096

/** Bytes that a leaf may not cut: one element, or one block of 32 mantissas and an exponent (int8, int16). */
const ATOM_SIZE_BYTES: Record<TensorDtype, number> = { f32: 4, i32: 4, mx8: 33, mx12: 66, u8: 1 }

/** Elements of the last axis in an atom; a row's last block is padded. */
const ELEMENTS_PER_ATOM: Record<TensorDtype, number> = { f32: 1, i32: 1, mx8: 32, mx12: 32, u8: 1 }

/** Returns the bytes in a full leaf: the most whole elements or blocks that fit into 4 KiB (4,096 or 4,092). */
export function tensorLeafSizeBytes(dtype: TensorDtype): number {
  return LEAF_SIZE_BYTES - (LEAF_SIZE_BYTES % ATOM_SIZE_BYTES[dtype])
}

/** Returns how many bytes a tensor has; not a safe integer where nobody could hold it. */
export function tensorSizeBytes(dtype: TensorDtype, shape: readonly number[]): number {
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1)
  return rows * Math.ceil((shape.at(-1) ?? 1) / ELEMENTS_PER_ATOM[dtype]) * ATOM_SIZE_BYTES[dtype]
}

/** A tensor's bytes in row-major order. */
export interface TensorBytes {
  readonly dtype: TensorDtype
  readonly bytes: Uint8Array
}

/** Cuts a tensor. Throws `IntegrityError` (`root.partial`) unless the bytes are whole elements or blocks. */
export function tensorLeaves({ dtype, bytes }: TensorBytes): LeafBytes {
  if (bytes.length % ATOM_SIZE_BYTES[dtype] !== 0) throw partialElement(dtype, bytes.length)
  return { bytes, leafSizeBytes: tensorLeafSizeBytes(dtype) }
}

/** Computes the Merkle roots of tensors. PERF: all of a state at once, for whoever can hash on several threads. */
export const tensorRoots = (hash: HashFunction, tensors: readonly TensorBytes[]): Hash[] =>
  leafRoots(hash, tensors.map(tensorLeaves))

/** Computes a tensor's Merkle root. Throws as `tensorLeaves`. */
export const tensorRoot = (hash: HashFunction, dtype: TensorDtype, bytes: Uint8Array): Hash =>
  tensorRoots(hash, [{ dtype, bytes }])[0] as Hash

/** Encodes what a state's tree holds for one tensor: canonical CBOR of [name, dtype, shape, root]. */
export function stateLeaf({ name, dtype, shape, root }: StateEntry): Uint8Array {
  if (name === '' || !shape.every(isDimension)) throw badEntry(name, shape)
  return encodeCanonical([name, dtype, shape, root])
}

/** Puts entries in the order of the state's tree: by name, in UTF-16 code units. Throws `InputError` on a repeated name. */
export function orderedEntries<Entry extends { readonly name: string }>(entries: readonly Entry[]): Entry[] {
  const ordered = [...entries].sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)))
  const repeated = ordered.find((entry, i) => entry.name === ordered[i + 1]?.name)
  if (repeated) throw repeatedName(repeated.name)
  return ordered
}

/**
 * Computes a state's root over its tensors, given in any order; a state without tensors has the empty tree's root.
 * Throws `InputError` on a repeated name (`root.repeated`), an empty one or a bad shape (`root.entry`).
 */
export function stateRoot(hash: HashFunction, entries: readonly StateEntry[]): Hash {
  return merkleRoot(hash, orderedEntries(entries).map(stateLeaf))
}

const isDimension = (size: number): boolean => Number.isSafeInteger(size) && size >= 0

const partialElement = (dtype: TensorDtype, sizeBytes: number): IntegrityError =>
  new IntegrityError('root.partial', 'These bytes end inside an element or a block.', {
    expected: `a multiple of ${ATOM_SIZE_BYTES[dtype]} bytes for ${dtype}`,
    found: `${sizeBytes} bytes`,
    fix: 'Read the tensor again from its source.',
  })

const repeatedName = (name: string): InputError =>
  new InputError('root.repeated', 'A state names two tensors alike.', {
    path: name,
    expected: 'one tensor of each name',
    found: `${JSON.stringify(name)} twice`,
    fix: 'Rename or remove one of them.',
  })

const badEntry = (name: string, shape: readonly number[]): InputError =>
  new InputError('root.entry', 'This is not an entry of a state.', {
    path: name,
    expected: 'a name, and dimensions that are integers from 0',
    found: `name ${JSON.stringify(name)}, shape [${shape.join(', ')}]`,
    fix: 'Name the tensor and give its dimensions in elements.',
  })
