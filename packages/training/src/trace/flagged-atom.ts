/** Finding what made an operator leave the domain: the first index that is out of range, or the first such element. */

import { elementCode, firstInadmissible } from '@cairn/engine'
import { type HashFunction, InternalError } from '@cairn/primitives'
import { computeAtom, elementOfPartial, isOutOfRange } from './computations.ts'
import { isCopiedInput, type JudgedLeaf, readOperatorLeaf } from './judged-leaf.ts'
import type { OperatorRun } from './operator-run.ts'
import type { SubjectTrace } from './subject-trace.ts'
import { atomsOf, wordOf } from './tensor-leaves.ts'

/** What shows that an operator left the domain. */
export interface FlaggedAtom {
  readonly kind: 'element' | 'index'
  readonly at: number
}

const WORD = 4

/** Finds the first word of a tensor for which a test holds; -1 if there is none. */
function findWord(bytes: Uint8Array, holds: (word: Uint8Array) => boolean): number {
  for (let at = 0; at < bytes.length; at += WORD) if (holds(bytes.subarray(at, at + WORD))) return at / WORD
  return -1
}

const isTooLarge = (word: Uint8Array): boolean => elementOfPartial(word).diverged

/** Computes atom after atom, for operators whose output does not show which left the domain. */
function firstDiverged({ node, inputs }: OperatorRun, leaf: JudgedLeaf, code: Uint8Array, hash: HashFunction): number {
  const atoms = leaf.operator.inputs.map(atomsOf)
  const read = (input: number, atom: number) => {
    const { atomBytes } = atoms[input] as { readonly atomBytes: number }
    return inputs[input]?.subarray(atom * atomBytes, (atom + 1) * atomBytes)
  }
  const { count } = atomsOf(leaf.operator)
  for (let at = 0; at < count; at++) if (computeAtom({ hash, leaf, code, at, atoms, read })?.diverged) return at
  throw new InternalError('NotDiverged', `no element of operator ${node.id} leaves the domain`)
}

/** Finds it; undefined when this operator is not the one that left the domain. */
export async function flaggedAtom(
  trace: SubjectTrace,
  run: number,
  operator: number,
  hash: HashFunction,
): Promise<FlaggedAtom | undefined> {
  if ((await trace.operators(run)).flagged !== operator) return undefined
  const { program, graph: name } = trace.work.graph
  const graph = program.graphs[name]
  const own = await trace.operator(run, operator)
  const leaf = readOperatorLeaf(program.leaves[trace.subject.firstOperator + operator] as Uint8Array)
  if (leaf.operator.class === 'scatterAdd') {
    const index = findWord(own.inputs[1] as Uint8Array, word => isOutOfRange(leaf.operator, wordOf(word)))
    if (index >= 0) return { kind: 'index', at: index }
  }
  if (isCopiedInput(leaf)) return { kind: 'element', at: firstInadmissible(leaf.operator, own.output) }
  const large = own.node.dtype === 'f32' ? findWord(own.output, isTooLarge) : -1
  if (large >= 0) return { kind: 'element', at: large }
  const code = leaf.operator.class === 'map' ? elementCode(graph, own.node) : new Uint8Array()
  return { kind: 'element', at: firstDiverged(own, leaf, code, hash) }
}
