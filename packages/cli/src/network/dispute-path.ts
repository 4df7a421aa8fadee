/**
 * Where a dispute led: job, round, unit, step, operator, element, operation, and the two values at the end of it. All of it
 * follows from the evidence, whose moves were made again. Not here: how it is shown.
 */
import { blockElements, coordinatesOf } from '@cairn/engine'
import { concat, hashFromHex } from '@cairn/primitives'
import {
  attestationAt,
  disputedIn,
  type Evidence,
  type EvidenceStep,
  type Opening,
  openPosition,
  type Position,
  type Proof,
  wrongStart,
} from '@cairn/protocol'
import { type AtomRead, type DescribedOperator, describeOperator, describeSlot, type Finding } from '@cairn/training'
import { type DisputeValue, type DisputeValues, decimalOf, disputeValues, shownValue } from './dispute-values.ts'
import { referee } from './evidence.ts'
import { runsOf, unitName } from './work-names.ts'

/** One of so many, if that is known, from 0. */
interface Numbered {
  readonly number: number
  readonly of?: number
}

interface DisputeRead extends DisputeValue {
  readonly operator?: number
  readonly element: number
  readonly coordinates?: readonly number[]
}

export interface DisputePath extends DisputeValues {
  readonly job: string
  readonly round: number
  readonly unit: string
  /** What was in question when the game began. */
  readonly stretch: string
  /** The run that it was narrowed to. */
  readonly step?: string
  /** The tensor of an end that does not follow from the operators. */
  readonly slot?: string
  readonly operator?: Numbered & Partial<DescribedOperator>
  /** Of a quantised tensor: the first one of the block. */
  readonly element?: Numbered & { readonly coordinates?: readonly number[] }
  readonly partial?: Numbered
  /** What it was computed from: elements of operators, or of a batch's operands. */
  readonly reads?: readonly DisputeRead[]
  /** What was computed last, and whether it left the domain. */
  readonly operation?: string
  readonly diverged?: boolean
  /** The claim was in a leaf of a length that no such leaf has. */
  readonly isMalformed?: boolean
}

function unitOf({ anchor, position, isOuter, replicas }: Evidence): string {
  const audit = attestationAt(anchor, position)
  if (audit !== undefined) return `an attestation to round ${audit.round}, ${unitName(audit.index, replicas)}`
  return isOuter ? 'outer step' : unitName(anchor.works[position]?.index ?? position, replicas)
}

/** Leaves of the program that moves have opened. */
function openedBy({ made: { move } }: EvidenceStep): Opening[] {
  if (move.move === 'witness' || move.move === 'prove') return move.proof.program ? [move.proof.program] : []
  const leaf = move.move === 'reveal' || move.move === 'overflow' ? move.operatorLeaf : undefined
  return leaf ? [leaf] : []
}

function described({ subject }: Evidence, steps: readonly EvidenceStep[], operator: number) {
  const leaf = steps.flatMap(openedBy).find(({ index }) => index === subject.firstOperator + operator)
  return leaf && describeOperator(leaf.content)
}

const number = (bits: number | Uint8Array | undefined): string => (typeof bits === 'number' ? decimalOf(bits) : '?')

/** What a partial result is made of, by operator. */
const SUMS: Readonly<Record<string, (operands: readonly (number | Uint8Array)[]) => string>> = {
  contract: ([sum]) => `the sum so far, ${number(sum)}, plus the product of two blocks of 32 numbers`,
  sum: ([a, b]) => `${number(a)} + ${number(b)}`,
  maximum: ([best, x]) => (x === undefined ? number(best) : `the greater of ${number(best)} and ${number(x)}`),
  scatterAdd: ([sum, g, row]) => `the sum so far, ${number(sum)}, plus ${number(g)} if it belongs to row ${row}`,
}

const ELEMENTS: Readonly<Record<string, string>> = {
  quantise: 'a block of 32 numbers and their scale, from 32 numbers',
  dequantise: 'a number out of a block of 32',
  input: 'an element of the batch, from the data',
}

/** What the referee computed for a proof. */
function operationOf({ kind }: Proof, finding: Finding, name = 'the operator'): string {
  if (kind === 'element') return ELEMENTS[name] ?? `the element, by the code of ${name}`
  if (kind === 'partial') return SUMS[name]?.(finding.operands ?? []) ?? 'a partial result'
  if (kind === 'value') return 'the element that the last partial result makes'
  if (kind === 'root') return 'the hash of a tensor that is copied'
  if (kind === 'slot') return 'the hash of a tensor that is left behind'
  return kind === 'index' ? 'an index, which has to name a row' : 'whether an operator before left the domain'
}

/** Operands of a batch are integers, of as many bytes as they take. */
function readOf({ operator, index, bytes, dtype = 'i32', shape }: AtomRead): DisputeRead {
  const isBlock = dtype === 'mx8' || dtype === 'mx12'
  const coordinates = shape && coordinatesOf(isBlock ? blockElements(shape, index).first : index, shape)
  const word = bytes.length < 4 ? concat(bytes, new Uint8Array(4 - bytes.length)) : bytes
  return {
    ...(operator !== undefined && { operator }),
    element: index,
    ...(coordinates && { coordinates }),
    ...shownValue(word, dtype, 0),
  }
}

const countOf = (of: number | undefined) => (of === undefined ? {} : { of })

/** The element in question: a block's first one, where blocks are what is compared. */
function elementOf(position: Position, proof: Proof | undefined, operator: DescribedOperator | undefined) {
  const isSingle = proof?.kind === 'element'
  if (position.phase !== 'partials' && !isSingle) return {}
  const at = isSingle ? proof.at : position.element
  const element = { number: at, ...countOf(position.facts?.elements) }
  if (operator === undefined) return { element }
  const isBlock = operator.dtype === 'mx8' || operator.dtype === 'mx12'
  const first = isBlock ? blockElements(operator.shape, at).first : at
  return { element: { ...element, coordinates: coordinatesOf(first, operator.shape) } }
}

function meaningOf({ kind }: Proof, operator: DescribedOperator | undefined): Parameters<typeof disputeValues>[0] {
  if (kind === 'partial') return 'f32'
  if (kind === 'index') return 'i32'
  return kind === 'element' || kind === 'value' ? (operator?.dtype ?? 'root') : 'root'
}

/** What the last move shows, if it is a proof. */
function provenBy({ subject }: Evidence, step: EvidenceStep | undefined) {
  const move = step?.made.move
  if (step === undefined || (move?.move !== 'prove' && move?.move !== 'witness')) return undefined
  const { proof } = move
  const position = move.move === 'witness' ? { ...step.before, isFlagged: true } : step.before
  return { proof, finding: referee.find(subject, disputedIn(position, proof.at), proof) }
}

/** Of a unit that began from another state than it should: nothing was narrowed. */
function startOf(bundle: Evidence) {
  const start = bundle.result.by === 'charge' ? undefined : wrongStart(bundle)
  if (start === undefined) return {}
  const roots = { claimed: hashFromHex(start.claimed), computed: hashFromHex(start.expected) }
  return { operation: 'the hash of the state that the unit began from', ...disputeValues('root', roots) }
}

const IMPOSSIBLE =
  'whether a unit can come to that: as many checkpoints as the job has, and nothing after it left the domain'

/** Of what cannot be, and of an attestation to no segment: nothing was narrowed. */
function chargeOf({ anchor, position, result, job }: Evidence) {
  const audit = attestationAt(anchor, position)
  if (result.by !== 'charge') return {}
  const isImpossible = audit === undefined || audit.segment <= job.checkpoints
  return { operation: isImpossible ? IMPOSSIBLE : `whether the unit has a segment ${audit.segment}` }
}

/** Finds where a dispute led, from its bundle and the moves that were made again. */
export function disputePath(bundle: Evidence, steps: readonly EvidenceStep[]): DisputePath {
  const { anchor, subject } = bundle
  const { job, round } = anchor
  const last = steps.at(-1)
  const position = last?.after ?? last?.before ?? openPosition(subject)
  const { phase, firstRun, runs, operator: at } = position
  const about = {
    job,
    round,
    unit: unitOf(bundle),
    stretch: runsOf(subject, 0, subject.runs),
    ...startOf(bundle),
    ...chargeOf(bundle),
  }
  if (phase === 'runs') return { ...about, ...(runs < subject.runs && { step: runsOf(subject, firstRun, runs) }) }
  const proven = provenBy(bundle, last)
  const { proof, finding = { shows: false } as Finding } = proven ?? {}
  const step = runsOf(subject, firstRun, 1)
  const isNamed = phase === 'elements' || phase === 'partials'
  const operator = isNamed ? described(bundle, steps, at) : undefined
  const slot = proof?.kind === 'slot' && proof.program ? { slot: describeSlot(proof.program.content) } : {}
  return {
    ...about,
    step,
    ...slot,
    ...(isNamed && { operator: { number: at, of: subject.operators, ...operator } }),
    ...elementOf(position, proof, operator),
    ...(proof?.kind === 'partial' && { partial: { number: proof.at, ...countOf(position.facts?.partials) } }),
    ...(proof && { operation: operationOf(proof, finding, operator?.name) }),
    ...(finding.reads && { reads: finding.reads.map(readOf) }),
    ...(finding.diverged && { diverged: true }),
    ...(finding.isMalformed && { isMalformed: true }),
    ...(proof && disputeValues(meaningOf(proof, operator), finding)),
  }
}
