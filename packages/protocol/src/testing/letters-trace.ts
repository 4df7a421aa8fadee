/** A trace of letters: the `TraceProvider` of games in tests, honest or false. It proves whatever it is asked to. */
import { type HashFunction, type HashHex, hashToHex, merkleLeafHash, merkleProof, merkleRoot } from '@cairn/primitives'
import { rootOfHashes } from '../dispute/narrowing.ts'
import type { Opening, OperandOpening, Proof, RootOpening } from '../dispute/proof.ts'
import { type Frontier, wayUp } from '../dispute/shown.ts'
import { DIVERGED, type Subject } from '../dispute/subject.ts'
import type { Charge, TraceProvider, TraceTree } from '../dispute/trace.ts'
import type { JobId } from '../units.ts'
import {
  hashesOf,
  LETTERS_PER_LEAF,
  type LetterOperator,
  type LetterProgram,
  leavesOf,
  lettersRoot,
  mixPlaces,
  PARTIALS_PER_LEAF,
  programLeavesOf,
  slotLeaf,
} from './letters.ts'
import { type LetterRun, type Lie, runLetters } from './letters-run.ts'

/** A stretch of runs, as one side has it. */
export interface LetterStretch {
  readonly program: LetterProgram
  readonly start: readonly Uint8Array[]
  readonly firstStep: number
  readonly runs: readonly LetterRun[]
}

/** Does all runs of a stretch; the lie is told in one of them, and the rest follows from it. */
export function stretch(
  hash: HashFunction,
  program: LetterProgram,
  start: readonly Uint8Array[],
  { firstStep, runs: count }: { readonly firstStep: number; readonly runs: number },
  told?: { readonly run: number; readonly lie: Lie },
): LetterStretch {
  const runs: LetterRun[] = []
  let state = start
  for (let run = 0; run < count; run++) {
    const lie = told?.run === run ? told.lie : undefined
    const before = runs.at(-1)
    const done = runLetters(hash, program, state, firstStep + run, lie)
    runs.push(before?.end === DIVERGED ? { ...done, end: DIVERGED } : done)
    state = (program.targets[0] as number[]).map(operator => done.tensors[operator] as Uint8Array)
  }
  return { program, start, firstStep, runs }
}

const startRoot = (hash: HashFunction, start: readonly Uint8Array[]): HashHex =>
  hashToHex(
    merkleRoot(
      hash,
      start.map((letters, slot) => slotLeaf(slot, lettersRoot(hash, letters))),
    ),
  )

/** What a game over a stretch is about, with the ends that a defender claims. */
export function letterSubject(hash: HashFunction, claimed: LetterStretch): Subject {
  const { program, start, firstStep, runs } = claimed
  const leaves = programLeavesOf(program)
  const { operators } = program
  const last = runs.at(-1) as LetterRun
  let firstSlot = operators.length
  const zero = '0'.repeat(64)
  return {
    job: zero as JobId,
    round: 0,
    replica: 0,
    seed: 0,
    innerSteps: runs.length,
    programRoot: hashToHex(merkleRoot(hash, leaves)),
    programLeaves: leaves.length,
    graph: program.targets.length === 1 ? 'inner' : 'update',
    firstOperator: 0,
    operators: operators.length,
    globalRoot: startRoot(hash, start),
    replicaRoot: zero as HashHex,
    updateRoots: [],
    dataRoot: zero as HashHex,
    firstStep,
    runs: runs.length,
    targets: program.targets.map((slots, target) => {
      const from = firstSlot
      firstSlot += slots.length
      const own = rootOfHashes(hash, hashesOf(hash, last.targets[target] as Uint8Array[]))
      return { firstSlot: from, slots: slots.length, root: target === 0 || last.end === DIVERGED ? last.end : own }
    }),
  }
}

/** Opens one of some leaves. */
function openLeaf(hash: HashFunction, leaves: readonly Uint8Array[], index: number): Opening {
  const hashes = leaves.map(leaf => merkleLeafHash(hash, leaf))
  return { index, content: leaves[index] as Uint8Array, path: merkleProof(hash, hashes, index).map(hashToHex) }
}

/** Keeps what was computed before, by a key. */
function remembered<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>()
  return key => {
    const value = known.get(key) ?? compute(key)
    known.set(key, value)
    return value
  }
}

/** Makes the provider. */
export function letterTrace(hash: HashFunction, { program, start, runs }: LetterStretch): TraceProvider {
  const { operators } = program
  const programLeaves = programLeavesOf(program)
  const runAt = (run: number) => runs[run] as LetterRun
  const leavesAt = (tree: TraceTree): readonly Uint8Array[] => {
    const run = runAt(tree.run)
    if (tree.tree === 'operators') return run.operatorLeaves
    if (tree.tree === 'slots') return run.targets[tree.target] as Uint8Array[]
    if (tree.tree === 'elements') return leavesOf(run.tensors[tree.operator] as Uint8Array, LETTERS_PER_LEAF)
    return leavesOf(run.partials(tree.operator, tree.element), PARTIALS_PER_LEAF)
  }
  const hashesAt = remembered(key => hashesOf(hash, leavesAt(JSON.parse(key) as TraceTree)))
  /** Opens a leaf of a tree that the defender has shown parts of. */
  const openShown = (tree: TraceTree, index: number, frontier: Frontier, content = leavesAt(tree)[index]): Opening => ({
    index,
    content: content as Uint8Array,
    path: wayUp(hash, hashesAt(JSON.stringify(tree)), frontier, index),
  })
  const inOperatorTree = ({ run, shown }: Charge, operator: number): RootOpening => ({
    root: lettersRoot(hash, runAt(run).tensors[operator] as Uint8Array),
    path: openShown({ tree: 'operators', run }, operator, shown.operators).path,
  })
  const operand = (charge: Charge, { inputs }: LetterOperator, input: number, at: number): OperandOpening => {
    const id = inputs[input] as number
    const leaves = leavesAt({ tree: 'elements', run: charge.run, operator: id })
    const leaf = openLeaf(hash, leaves, Math.floor(at / LETTERS_PER_LEAF))
    return { input, tensor: inOperatorTree(charge, id), leaf }
  }
  const slotSource = (run: number, slot: number): RootOpening => {
    const states =
      run === 0 ? start : (program.targets[0] as number[]).map(id => runAt(run - 1).tensors[id] as Uint8Array)
    const leaves = states.map((letters, n) => slotLeaf(n, lettersRoot(hash, letters)))
    return { root: lettersRoot(hash, states[slot] as Uint8Array), path: openLeaf(hash, leaves, slot).path }
  }
  /** Proofs about letters and partial results of one operator. */
  function proveOperator(charge: Charge, operator: LetterOperator, proof: Proof): Proof {
    const { kind, run, at, shown, operator: id = 0, element = 0 } = charge
    const claimedAt = (content: Uint8Array | undefined, index: number) =>
      content === undefined ? {} : { claimed: { index, content, path: [] } }
    if (kind === 'root') {
      if (operator.kind === 'state') return { ...proof, source: slotSource(run, operator.slot) }
      return operator.kind === 'copy'
        ? { ...proof, source: inOperatorTree(charge, operator.inputs[0] as number) }
        : proof
    }
    if (kind === 'element') {
      const own = { ...proof, ...claimedAt(shown.elementLeaf, Math.floor(at / LETTERS_PER_LEAF)) }
      if (operator.kind !== 'mix') return own
      const places = mixPlaces(program, operator, at)
      return { ...own, operands: places.map((place, input) => operand(charge, operator, input, place)) }
    }
    if (operator.kind !== 'fold' && operator.kind !== 'choose') return proof
    if (kind === 'index')
      return operator.kind === 'choose' ? { ...proof, operands: [operand(charge, operator, 1, at)] } : proof
    const own = { ...proof, ...claimedAt(shown.partialLeaf, Math.floor(at / PARTIALS_PER_LEAF)) }
    if (kind === 'partial') {
      const operands = operator.inputs.map((_, input) => operand(charge, operator, input, at))
      const tree = { tree: 'partials', run, operator: id, element } as const
      const before = Math.floor((at - 1) / PARTIALS_PER_LEAF)
      const isShown = before === Math.floor(at / PARTIALS_PER_LEAF)
      const leaf = () => openShown(tree, before, shown.partials, isShown ? shown.partialLeaf : undefined)
      return { ...own, operands, partials: at > 0 ? [leaf()] : [] }
    }
    const tree = { tree: 'elements', run, operator: id } as const
    return {
      ...own,
      partials: [openShown(tree, Math.floor(element / LETTERS_PER_LEAF), shown.elements, shown.elementLeaf)],
    }
  }
  function prove(subject: Subject, charge: Charge): Proof {
    const { kind, run, at, shown, operator: id = 0, target = 0 } = charge
    const proof: Proof = { kind, code: new Uint8Array(), at, operands: [], partials: [] }
    if (kind === 'flag') return { ...proof, claimed: openShown({ tree: 'operators', run }, at, shown.operators) }
    if (kind !== 'slot') {
      const program_ = openLeaf(hash, programLeaves, id)
      return proveOperator(charge, operators[id] as LetterOperator, { ...proof, program: program_ })
    }
    const { firstSlot } = subject.targets[target] as Subject['targets'][number]
    const from = program.targets[target]?.[at] as number
    return { ...proof, program: openLeaf(hash, programLeaves, firstSlot + at), source: inOperatorTree(charge, from) }
  }
  return {
    endRoots: async () => runs.map(({ end }) => end),
    leafHashes: async (_subject, tree) => hashesAt(JSON.stringify(tree)),
    leaf: async (_subject, tree, index) => leavesAt(tree)[index] as Uint8Array,
    operatorLeaf: async (_subject, operator) => openLeaf(hash, programLeaves, operator),
    flagged: async (_subject, run, operator) => runAt(run).flagOf(operator),
    prove: async (subject, charge) => prove(subject, charge),
  }
}
