/** Building proofs: the openings that a referee needs to compute what is charged, and no others. */
import type { JudgedAccumulation } from '@cairn/engine'
import type { HashFunction } from '@cairn/primitives'
import {
  type Charge,
  type Opening,
  operatorLeafOf,
  type Proof,
  type ProofKind,
  type RootOpening,
  type Target,
  wayUp,
} from '@cairn/protocol'
import type { SlotSource } from '../compile/graph-sources.ts'
import type { Source } from '../compile/sources.ts'
import { atomReads, partialAtoms, partialReads } from './computations.ts'
import { copiedFrom } from './judge-root.ts'
import { isCopiedInput, type JudgedLeaf, readOperatorLeaf } from './judged-leaf.ts'
import { batchOperands, type OwnOperands, operatorOperands } from './own-operands.ts'
import type { SubjectTrace } from './subject-trace.ts'
import { atomsOf, leafOfAtom } from './tensor-leaves.ts'

export interface Prover {
  readonly trace: SubjectTrace
  readonly hash: HashFunction
  readonly openProgram: (leaf: number) => Opening
  /** Bytes of the data's blob. */
  readonly dataBytes: Uint8Array
}

interface Task extends Prover {
  readonly charge: Charge
  readonly proof: Proof
}

interface OperatorTask extends Task {
  readonly operator: number
  readonly leaf: JudgedLeaf
}

/** Opens a root in the operator tree that the defender showed. */
async function openOperator({ trace, hash, charge }: Task, operator: number): Promise<RootOpening> {
  const { leafHashes, roots } = await trace.operators(charge.run)
  const path = wayUp(hash, leafHashes, charge.shown.operators, operator)
  return { root: roots[operator] as RootOpening['root'], path }
}

async function openSource(task: Task, source: Source): Promise<{ readonly source?: RootOpening }> {
  if (source.from === 'operator') return { source: await openOperator(task, source.operator) }
  if (source.from !== 'state') return {}
  return { source: (await task.trace.state(task.charge.run, source)).open(source.slot) }
}

/** What the defender showed, as it stands in a proof; its place is known, so there is no way up. */
const claimed = (content: Uint8Array | undefined, index: number) =>
  content === undefined ? {} : { claimed: { index, content, path: [] } }

async function operandsOf(task: OperatorTask): Promise<OwnOperands> {
  const { trace, charge, hash, operator, leaf, dataBytes } = task
  const batch = batchOperands(trace, charge.run, operator, { leaf, hash, dataBytes })
  if (batch !== undefined) return batch
  const run = await trace.operator(charge.run, operator)
  return operatorOperands(trace, run, { leaf, hash, openRoot: id => openOperator(task, id) })
}

async function proveElement(task: OperatorTask): Promise<Proof> {
  const { proof, charge, leaf, hash } = task
  const { at } = proof
  const operands = await operandsOf(task)
  const opened = await operands.open(atomReads({ hash, leaf, at, ...operands }))
  const shown = claimed(charge.shown.elementLeaf, leafOfAtom(atomsOf(leaf.operator), at))
  if (isCopiedInput(leaf)) return proveRoot({ ...task, proof: { ...proof, operands: opened } })
  return { ...proof, code: operands.code, operands: opened, ...shown }
}

async function proveIndex(task: OperatorTask): Promise<Proof> {
  const { proof } = task
  const operands = await operandsOf(task)
  return { ...proof, operands: await operands.open([{ input: 1, index: proof.at }]) }
}

async function provePartial(task: OperatorTask): Promise<Proof> {
  const { proof, charge, leaf, trace, hash, operator } = task
  const { run, element = 0, shown } = charge
  const tree = { tree: 'partials', run, operator, element } as const
  const [leaves, leafHashes] = [await trace.leaves(tree), await trace.leafHashes(tree)]
  const atoms = partialAtoms(leaf.operator)
  const reads = partialReads(leaf.operator as JudgedAccumulation, element, proof.at)
  const here = leafOfAtom(atoms, proof.at)
  const before = new Set(reads.partials.map(number => leafOfAtom(atoms, number)).filter(index => index !== here))
  const partials = [...before].map(index => ({
    index,
    content: leaves[index] as Uint8Array,
    path: wayUp(hash, leafHashes, shown.partials, index),
  }))
  const operands = await (await operandsOf(task)).open(reads.atoms)
  return { ...proof, operands, partials, ...claimed(shown.partialLeaf, here) }
}

async function proveValue(task: OperatorTask): Promise<Proof> {
  const { proof, charge, leaf, trace, hash, operator } = task
  const { run, element = 0, shown } = charge
  const index = leafOfAtom(atomsOf(leaf.operator), element)
  const content = shown.elementLeaf
  const last = claimed(shown.partialLeaf, leafOfAtom(partialAtoms(leaf.operator), proof.at))
  if (content === undefined) return { ...proof, ...last }
  const leafHashes = await trace.leafHashes({ tree: 'elements', run, operator })
  return { ...proof, ...last, partials: [{ index, content, path: wayUp(hash, leafHashes, shown.elements, index) }] }
}

async function proveRoot(task: OperatorTask): Promise<Proof> {
  const { trace, charge, leaf, proof } = task
  const isFirst = charge.run === 0 && trace.subject.previous === undefined
  const source = copiedFrom(leaf, isFirst)
  return { ...proof, ...(source && (await openSource(task, source))) }
}

async function proveSlot(task: Task): Promise<Proof> {
  const { trace, charge, proof, openProgram } = task
  const { target = 0, at } = charge
  const slots = trace.work.graph.sources.targets[target] as readonly SlotSource[]
  const { source } = slots[at] as SlotSource
  const { firstSlot: first } = trace.subject.targets[target] as Target
  return { ...proof, program: openProgram(first + at), ...(await openSource(task, source)) }
}

async function proveFlag({ trace, hash, charge, proof }: Task): Promise<Proof> {
  const { leafHashes, roots } = await trace.operators(charge.run)
  const path = wayUp(hash, leafHashes, charge.shown.operators, charge.at)
  return { ...proof, claimed: { index: charge.at, content: operatorLeafOf(roots[charge.at]), path } }
}

const ofOperator: { readonly [K in Exclude<ProofKind, 'slot' | 'flag'>]: (task: OperatorTask) => Promise<Proof> } = {
  root: proveRoot,
  element: proveElement,
  index: proveIndex,
  partial: provePartial,
  value: proveValue,
}

/** Builds a proof. */
export async function prove(prover: Prover, charge: Charge): Promise<Proof> {
  const { kind, at, operator = 0 } = charge
  const proof: Proof = { kind, code: new Uint8Array(), at, operands: [], partials: [] }
  const task: Task = { ...prover, charge, proof }
  if (kind === 'slot') return proveSlot(task)
  if (kind === 'flag') return proveFlag(task)
  const program = prover.openProgram(prover.trace.subject.firstOperator + operator)
  const leaf = readOperatorLeaf(program.content)
  return ofOperator[kind]({ ...task, proof: { ...proof, program }, operator, leaf })
}
