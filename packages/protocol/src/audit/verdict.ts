/**
 * What an attestation comes to, and what follows for both. SPEC: docs/spec/audits.md "Verdicts". Disagreements are values:
 * who is right about bits is decided by a game, or by anybody who does the steps again.
 */
import type { HashFunction, HashHex } from '@cairn/primitives'
import {
  type Attestation,
  attestedStep,
  opensSteps,
  type StepCommitment,
  type StepReveal,
  type StepValues,
} from './attestation.ts'
import type { Segment } from './segment.ts'

export type VerdictCode = 'agrees' | 'malformed' | 'other-end' | 'unrevealed' | 'bad-reveal' | 'other-steps'

/** `open`: a game or the values decide. */
type Standing = 'right' | 'wrong' | 'open'

interface Consequence {
  readonly worker: Standing
  readonly verifier: Standing
  /** What follows, for a person. */
  readonly follows: string
}

export const VERDICTS: Readonly<Record<VerdictCode, Consequence>> = {
  agrees: { worker: 'right', verifier: 'right', follows: 'the attestation is anchored and paid' },
  malformed: {
    worker: 'open',
    verifier: 'wrong',
    follows:
      'it does not have the roots and leaves that its segment asks for: it is not paid, and a substitute is asked',
  },
  'other-end': {
    worker: 'open',
    verifier: 'open',
    follows: 'the verifier opens a game about the segment; without one it is not paid, and a substitute is asked',
  },
  unrevealed: {
    worker: 'wrong',
    verifier: 'right',
    follows: 'the worker let its time pass: its unit is not settled, and the attestation is paid',
  },
  'bad-reveal': {
    worker: 'wrong',
    verifier: 'right',
    follows: 'the worker cannot open what it committed to: its unit is not settled, and the attestation is paid',
  },
  'other-steps': {
    worker: 'open',
    verifier: 'open',
    follows: 'one of the two did not compute these steps: whoever does them again knows which (judgeSteps)',
  },
}

export interface Verdict {
  readonly code: VerdictCode
  /** Of the unit, the first whose leaf does not fit. */
  readonly step?: number
}

/** What a worker claims about an audited segment. */
export interface ClaimedSegment extends StepCommitment {
  readonly claim: HashHex
  readonly ends: readonly HashHex[]
  /** Of the whole unit. */
  readonly unitSteps: number
}

/**
 * Judges an attestation. Without a reveal, only what both said: `unrevealed` is then final only when the worker's time is
 * over. Takes what a schema let through; never throws on values that are merely wrong.
 */
export function judgeAttestation(
  hash: HashFunction,
  claimed: ClaimedSegment,
  segment: Segment,
  attestation: Attestation,
  reveal: StepReveal | undefined,
): Verdict {
  const { ends, steps, claim, verifier } = attestation
  const fits = claim === claimed.claim && ends.length === claimed.ends.length && steps.length === segment.steps
  if (!fits) return { code: 'malformed' }
  if (ends.some((root, i) => root !== claimed.ends[i])) return { code: 'other-end' }
  if (reveal === undefined) return { code: 'unrevealed' }
  if (!opensSteps(hash, claimed, segment, claimed.unitSteps, reveal)) return { code: 'bad-reveal' }
  const { firstStep } = segment
  const wrong = reveal.values.findIndex((value, i) => {
    return attestedStep(hash, verifier, firstStep + i, value) !== steps[i]
  })
  return wrong < 0 ? { code: 'agrees' } : { code: 'other-steps', step: firstStep + wrong }
}

/**
 * Tells who was wrong about a step where leaves did not fit (`other-steps`), from the values that doing it again gives.
 * Both can be: a worker that committed to anything, and a verifier that guessed.
 */
export function judgeSteps(
  hash: HashFunction,
  { firstStep }: Segment,
  attestation: Attestation,
  reveal: StepReveal,
  step: number,
  recomputed: StepValues,
): { readonly isWorkerRight: boolean; readonly isVerifierRight: boolean } {
  const { verifier, steps } = attestation
  const leafOf = (values: StepValues) => attestedStep(hash, verifier, step, values)
  const right = leafOf(recomputed)
  const said = reveal.values[step - firstStep]
  const isWorkerRight = said !== undefined && leafOf(said) === right
  return { isWorkerRight, isVerifierRight: steps[step - firstStep] === right }
}
