/** What a computation reads, from a party's own trace, and the openings of its leaves. */
import { elementCode, encodeElementProgram } from '@cairn/engine'
import { type HashFunction, hashToHex, merkleLeafHashes, merkleProof } from '@cairn/primitives'
import { type OperandOpening, type RootOpening, tensorRoot } from '@cairn/protocol'
import type { BatchOperand } from '../compile/batch-programs.ts'
import { batchPrograms } from '../compile/graph-sources.ts'
import type { AtomPlace, ReadAtom } from './computations.ts'
import { batchOf, isCopiedInput, type JudgedLeaf } from './judged-leaf.ts'
import type { OperatorRun } from './operator-run.ts'
import { counterAt, placeOfRun } from './place.ts'
import type { SubjectTrace } from './subject-trace.ts'
import { type Atoms, atomsOf, leafOfAtom, operandAtoms } from './tensor-leaves.ts'

export interface OwnOperands {
  /** Element code; empty where there is none. */
  readonly code: Uint8Array
  readonly atoms: readonly Atoms[]
  readonly read: ReadAtom
  /** Opens the leaves that hold these atoms. */
  open(places: readonly AtomPlace[]): Promise<OperandOpening[]>
}

interface Operand {
  readonly atoms: Atoms
  readonly bytes: Uint8Array
  /** Known to everybody, so that it is never opened. */
  readonly isKnown?: true
  /** Opens its root, where that is not in the program. */
  readonly openRoot: () => Promise<RootOpening | undefined>
}

function ownOperands(hash: HashFunction, code: Uint8Array, operands: readonly Operand[]): OwnOperands {
  const operandAt = (input: number) => operands[input] as Operand
  async function open({ input, index }: AtomPlace): Promise<OperandOpening> {
    const { atoms, bytes, openRoot } = operandAt(input)
    const size = atoms.perLeaf * atoms.atomBytes
    const path = merkleProof(hash, merkleLeafHashes(hash, bytes, size), index).map(hashToHex)
    const tensor = await openRoot()
    const leaf = { index, content: bytes.slice(index * size, (index + 1) * size), path }
    return { input, ...(tensor && { tensor }), leaf }
  }
  return {
    code,
    atoms: operands.map(({ atoms }) => atoms),
    read(input, index) {
      const { atoms, bytes } = operandAt(input)
      return bytes.subarray(index * atoms.atomBytes, (index + 1) * atoms.atomBytes)
    },
    open(places) {
      const unknown = places.filter(({ input }) => !operandAt(input).isKnown)
      const leaves = unknown.map(({ input, index }) => ({ input, index: leafOfAtom(operandAt(input).atoms, index) }))
      const once = new Map(leaves.map(leaf => [`${leaf.input}/${leaf.index}`, leaf]))
      return Promise.all([...once.values()].map(open))
    },
  }
}

/** The operands of an operator that reads others. */
export function operatorOperands(
  { work }: SubjectTrace,
  { node, inputs, output }: OperatorRun,
  {
    leaf,
    hash,
    openRoot,
  }: {
    readonly leaf: JudgedLeaf
    readonly hash: HashFunction
    readonly openRoot: (operator: number) => Promise<RootOpening>
  },
): OwnOperands {
  const graph = work.graph.program.graphs[work.graph.graph]
  const code = leaf.operator.class === 'map' ? elementCode(graph, node) : new Uint8Array()
  // The root of what an input copies is opened beside.
  if (isCopiedInput(leaf))
    return ownOperands(hash, code, [{ atoms: atomsOf(leaf.operator), bytes: output, openRoot: async () => undefined }])
  const operands = leaf.operator.inputs.map(
    (input, i): Operand => ({
      atoms: atomsOf(input),
      bytes: inputs[i] as Uint8Array,
      openRoot: () => openRoot(input.operator),
    }),
  )
  return ownOperands(hash, code, operands)
}

/** The operands of a batch; undefined for all other operators. */
export function batchOperands(
  { work, subject }: SubjectTrace,
  run: number,
  operator: number,
  { leaf, hash, dataBytes }: { readonly leaf: JudgedLeaf; readonly hash: HashFunction; readonly dataBytes: Uint8Array },
): OwnOperands | undefined {
  if (batchOf(leaf) === undefined) return undefined
  const { program, graph } = work.graph
  const name = Object.entries(program.graphs[graph].inputs).find(([, id]) => id === operator)?.[0] as string
  const batch = batchPrograms(program, graph)[name]
  if (batch === undefined) return undefined
  const own = ({ from, dtype, elements, values }: BatchOperand): Operand => {
    const atoms = operandAtoms(dtype, elements)
    if (from === 'position')
      return {
        atoms,
        bytes: counterAt('key', placeOfRun(subject, run)),
        isKnown: true,
        openRoot: async () => undefined,
      }
    if (from === 'constant') return { atoms, bytes: values as Uint8Array, openRoot: async () => undefined }
    return {
      atoms,
      bytes: dataBytes,
      openRoot: async () => ({ root: hashToHex(tensorRoot(hash, 'u8', dataBytes)), path: [] }),
    }
  }
  return ownOperands(hash, encodeElementProgram(batch.program), batch.operands.map(own))
}
