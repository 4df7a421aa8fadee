/**
 * From a claim to what a game about it is about. SPEC: docs/spec/disputes.md "Subject"; twin of Subjects.sol. Everything is
 * known to the chain: the job's facts by their hash, the claim by its worker's signature, the program by its root.
 */
import { type HashFunction, type HashHex, hashToHex, InputError, merkleLeafHash } from '@cairn/primitives'
import { stateLeaf } from '../state-root.ts'
import type { JobId } from '../units.ts'
import { DIVERGED, GRAPHS, type Subject, type SubjectGraph, type Target } from './subject.ts'

/** What of a job a contract has to know to judge its units. The terms on the chain hold its hash. */
export interface ProvableJob {
  readonly programRoot: HashHex
  /** Leaves under the program root. */
  readonly programLeaves: number
  /** Blob id of the data. */
  readonly dataRoot: HashHex
  /** Of the global state before round 0. */
  readonly initialRoot: HashHex
  /** Of a replica's state before its first unit; and before every unit where it does not outlast a round. */
  readonly freshReplicaRoot: HashHex
  readonly isReplicaKept: boolean
  readonly seed: number
  readonly innerSteps: number
  readonly checkpoints: number
  readonly evaluationBatches: number
}

/**
 * What a worker signs of a unit, as contracts read it. An evaluation has a global root, a loss and its leaves; the rest is zero, but for
 * the update root of one that left the domain, which is `DIVERGED`.
 */
export interface UnitClaim {
  readonly globalRoot: HashHex
  readonly replicaRoot: HashHex
  readonly updateRoot: HashHex
  readonly newReplicaRoot: HashHex
  readonly checkpointRoots: readonly HashHex[]
  readonly lossBits: number
  /** Root over salted leaves of every step, and SHA-256 of the salt. */
  readonly stepsRoot: HashHex
  readonly saltHash: HashHex
}

/** Where a graph stands in a program. */
interface GraphPlace {
  readonly firstOperator: number
  readonly operators: number
  readonly targets: readonly Omit<Target, 'root'>[]
}

export type ProgramContents = Readonly<Record<SubjectGraph, GraphPlace>>

/** A job's place for the games about it. */
export interface ClaimPlace {
  readonly job: JobId
  readonly round: number
  readonly replica: number
}

const NO_ROOT = '0'.repeat(64) as HashHex

/** Reads leaf 0 of a program. Throws `RangeError` on one that is cut short. */
export function readContents(leaf: Uint8Array): ProgramContents {
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength)
  let at = 3 // the length of the judged part, and the leaf's kind
  const word = () => {
    at += 4
    return view.getUint32(at - 4)
  }
  const places = GRAPHS.map((graph): [SubjectGraph, GraphPlace] => {
    const [firstOperator, operators] = [word(), word()]
    const targets = Array.from({ length: view.getUint8(at++) }, () => ({ firstSlot: word(), slots: word() }))
    return [graph, { firstOperator, operators, targets }]
  })
  return Object.fromEntries(places) as ProgramContents
}

/** After how many steps checkpoint `index` is taken; before the first, none. */
const stepsAt = ({ innerSteps, checkpoints }: ProvableJob, index: number): number =>
  Math.floor((index * innerSteps) / checkpoints)

/** Root of the state that holds nothing but a loss. */
export function lossRoot(hash: HashFunction, name: 'unitLoss' | 'meanLoss', bits: number): HashHex {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, bits, true)
  const root = merkleLeafHash(hash, bytes)
  return hashToHex(merkleLeafHash(hash, stateLeaf({ name, dtype: 'f32', shape: [1], root })))
}

interface Stretch {
  readonly graph: SubjectGraph
  readonly previous?: HashHex
  readonly firstStep: number
  readonly runs: number
  readonly ends: readonly HashHex[]
}

function subjectOf(
  job: ProvableJob,
  contents: ProgramContents,
  place: ClaimPlace,
  roots: Pick<Subject, 'globalRoot' | 'replicaRoot' | 'updateRoots'>,
  { ends, ...stretch }: Stretch,
): Subject {
  const { programRoot, programLeaves, dataRoot, seed, innerSteps } = job
  const { targets, firstOperator, operators } = contents[stretch.graph]
  return {
    ...place,
    ...roots,
    ...stretch,
    ...{ programRoot, programLeaves, dataRoot, seed, innerSteps, firstOperator, operators },
    targets: targets.map((target, i) => ({ ...target, root: ends[i] as HashHex })),
  }
}

/**
 * What a game about a part of a training unit is about: the steps up to checkpoint `part`, counted from 0, or where `part` is
 * the number of checkpoints, what the unit leaves behind. Throws `InputError` (`dispute.part`) for a part after that, or after a divergence.
 */
export function trainingSubject(
  hash: HashFunction,
  job: ProvableJob,
  contents: ProgramContents,
  place: ClaimPlace,
  claim: UnitClaim,
  part: number,
): Subject {
  const { globalRoot, replicaRoot, checkpointRoots, updateRoot, newReplicaRoot, lossBits } = claim
  const previous = part === 0 ? {} : { previous: checkpointRoots[part - 1] ?? NO_ROOT }
  // Where something is claimed all the same, that is refuted at once, and still is what the charge was about.
  const isPlayed = !isImpossiblePart(job, claim, part)
  if (isPlayed && part > job.checkpoints) throw noPart(part, job.checkpoints)
  if (isPlayed && previous.previous === DIVERGED) throw afterDivergence(part)
  const firstStep = place.round * job.innerSteps + stepsAt(job, part)
  const roots = { globalRoot, replicaRoot, updateRoots: [] }
  if (part < job.checkpoints) {
    const runs = stepsAt(job, part + 1) - stepsAt(job, part)
    const ends = [checkpointRoots[part] ?? NO_ROOT]
    return subjectOf(job, contents, place, roots, { graph: 'inner', ...previous, firstStep, runs, ends })
  }
  // All ends of a run leave the domain, or none.
  const loss = updateRoot === DIVERGED ? DIVERGED : lossRoot(hash, 'unitLoss', lossBits)
  const ends = [updateRoot, newReplicaRoot, loss]
  return subjectOf(job, contents, place, roots, { graph: 'update', ...previous, firstStep, runs: 1, ends })
}

const noPart = (part: number, checkpoints: number): InputError =>
  new InputError('dispute.part', 'The unit has no such part.', {
    path: 'part',
    expected: `a part up to ${checkpoints}`,
    found: `${part}`,
    fix: 'Dispute one of the parts between checkpoints, or what the unit leaves behind.',
  })

/** Nothing runs after a run that left the domain: whoever doubts that it did disputes the part before. */
const afterDivergence = (part: number): InputError =>
  new InputError(
    'dispute.part',
    'This part of the unit was never done: the unit is said to have left the domain before.',
    {
      path: 'part',
      expected: `a part before ${part}`,
      found: `${part}`,
      fix: 'Dispute the first part that ends in divergence.',
    },
  )

const neverDone = (): InputError =>
  new InputError(
    'dispute.part',
    'This outer step was never done: a unit of its round is said to have left the domain.',
    {
      path: 'updateRoots',
      expected: 'updates of units that did not leave the domain',
      found: DIVERGED,
      fix: 'Dispute the unit.',
    },
  )

/**
 * Tells whether a claim says of a part of a training unit what no unit can have come to: of any, where it has not as many checkpoints as
 * its job; of one that went on after the unit left the domain; of the last where it left the domain with some of what is left behind, or
 * with a loss. Whoever charges it wins at once. Twin of `isImpossible` in Subjects.sol.
 */
export function isImpossiblePart({ checkpoints }: ProvableJob, claim: UnitClaim, part: number): boolean {
  const { checkpointRoots, updateRoot, newReplicaRoot, lossBits } = claim
  if (checkpointRoots.length !== checkpoints) return true
  if (part > checkpoints) return false
  const before = checkpointRoots[part - 1]
  const ends = part < checkpoints ? [checkpointRoots[part]] : [updateRoot, newReplicaRoot]
  // SAFETY: on the chain zero stands for what is not there; nothing has that root.
  if ([before, ...ends].includes(NO_ROOT)) return true
  const left = ends.filter(root => root === DIVERGED).length
  const isPartial = left > 0 && (left < ends.length || (part === checkpoints && lossBits !== 0))
  return isPartial || (before === DIVERGED && left === 0)
}

/** Lists the parts that there are of which a claim says what cannot be. */
export const impossibleParts = (job: ProvableJob, claim: UnitClaim): number[] =>
  Array.from({ length: job.checkpoints + 1 }, (_, part) => part).filter(part => isImpossiblePart(job, claim, part))

/** What a game about an evaluation is about. */
export function evaluationSubject(
  hash: HashFunction,
  job: ProvableJob,
  contents: ProgramContents,
  place: ClaimPlace,
  { globalRoot, updateRoot, lossBits }: Pick<UnitClaim, 'globalRoot' | 'updateRoot' | 'lossBits'>,
): Subject {
  const roots = { globalRoot, replicaRoot: NO_ROOT, updateRoots: [] }
  const ends = [updateRoot === DIVERGED ? DIVERGED : lossRoot(hash, 'meanLoss', lossBits)]
  const stretch = { graph: 'evaluation', firstStep: 0, runs: job.evaluationBatches, ends } as const
  return subjectOf(job, contents, place, roots, stretch)
}

/**
 * What a game about an outer step is about; one that led to no root left the domain. Throws `InputError` (`dispute.part`) where a
 * unit is said to have done so before: the step was never done.
 */
export function outerSubject(
  job: ProvableJob,
  contents: ProgramContents,
  place: ClaimPlace,
  step: { readonly globalRoot: HashHex; readonly updateRoots: readonly HashHex[]; readonly newGlobalRoot: HashHex },
): Subject {
  const { globalRoot, updateRoots, newGlobalRoot } = step
  if (newGlobalRoot === NO_ROOT && updateRoots.includes(DIVERGED)) throw neverDone()
  const roots = { globalRoot, replicaRoot: NO_ROOT, updateRoots }
  const ends = [newGlobalRoot === NO_ROOT ? DIVERGED : newGlobalRoot]
  const stretch = { graph: 'outer', firstStep: 0, runs: 1, ends } as const
  return subjectOf(job, contents, { ...place, replica: 0 }, roots, stretch)
}
