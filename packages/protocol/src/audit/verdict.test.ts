import { encodeHex, type HashHex, sha256 } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { accountOf } from '../testing/audit-network.ts'
import type { JobId } from '../units.ts'
import {
  type Attestation,
  attestationStatement,
  attestSteps,
  commitSteps,
  revealSteps,
  type StepReveal,
  type StepValues,
} from './attestation.ts'
import { segmentOf } from './segment.ts'
import { judgeAttestation, judgeSteps, VERDICTS, type VerdictCode } from './verdict.ts'

const root = (digits: string): HashHex => digits.repeat(32) as HashHex
const values: StepValues[] = Array.from({ length: 12 }, (_, step) => {
  return { lossBits: 0x4000_0000 + step, normBits: [step, step * step, 7] }
})
const unit = { job: root('0b') as string as JobId, round: 3, replica: 1, kind: 'train' } as const
const segment = segmentOf({ steps: 12, segments: 5 }, 3)
const salt = Uint8Array.from({ length: 32 }, (_, i) => i)
const verifier = accountOf(9)
const claimed = { ...commitSteps(sha256, salt, values), claim: root('c1'), ends: [root('e1')], unitSteps: 12 }
const inside = values.slice(segment.firstStep, segment.firstStep + segment.steps)
const honest: Attestation = {
  ...{ unit, segment: 3, verifier, claim: claimed.claim, ends: claimed.ends },
  steps: attestSteps(sha256, verifier, segment, inside),
}
const reveal = revealSteps(sha256, salt, values, segment)
const judge = (attestation: Attestation, opened: StepReveal | undefined = reveal) =>
  judgeAttestation(sha256, claimed, segment, attestation, opened)

describe('judgeAttestation', () => {
  it('agrees with a verifier that did the steps', () => {
    expect(segment).toEqual({ firstStep: 7, steps: 2, isLast: false })
    expect(judge(honest)).toEqual({ code: 'agrees' })
  })

  it('finds another end', () => {
    expect(judge({ ...honest, ends: [root('e2')] })).toEqual({ code: 'other-end' })
  })

  it('finds the first step that does not fit, in one bit of one norm', () => {
    const { lossBits, normBits } = inside[1]!
    const off = [inside[0]!, { lossBits, normBits: [normBits[0]! ^ 1, ...normBits.slice(1)] }]
    expect(judge({ ...honest, steps: attestSteps(sha256, verifier, segment, off) })).toEqual({
      code: 'other-steps',
      step: 8,
    })
  })

  it('does not accept what another verifier said', () => {
    expect(judge({ ...honest, verifier: accountOf(8) })).toEqual({ code: 'other-steps', step: 7 })
  })

  it('does not accept the leaves of other steps', () => {
    const early = attestSteps(sha256, verifier, { firstStep: 6 }, inside)
    expect(judge({ ...honest, steps: early }).code).toBe('other-steps')
  })

  it('calls an attestation malformed that says too little, or speaks of another claim', () => {
    const malformed = [{ steps: honest.steps.slice(1) }, { ends: [] }, { claim: root('c2') }]
    for (const change of malformed) expect(judge({ ...honest, ...change }).code).toBe('malformed')
  })

  it('waits for the worker', () => {
    expect(judgeAttestation(sha256, claimed, segment, honest, undefined)).toEqual({ code: 'unrevealed' })
  })

  it('finds a reveal that opens something else', () => {
    const bad: Partial<StepReveal>[] = [
      { salt: Uint8Array.from(salt, byte => byte ^ 1) },
      { values: [inside[1]!, inside[0]!] },
      { values: inside.slice(1) },
      { values: [...inside, values[9]!], others: reveal.others.slice(1) },
      { others: [...reveal.others].reverse() },
      { others: reveal.others.slice(1) },
    ]
    for (const change of bad) expect(judge(honest, { ...reveal, ...change }).code).toBe('bad-reveal')
  })

  it('does not open a commitment whose salt could be guessed', () => {
    const short = Uint8Array.of(7)
    const weak = { ...claimed, ...commitSteps(sha256, short, values) }
    const opened = revealSteps(sha256, short, values, segment)
    expect(judgeAttestation(sha256, weak, segment, honest, opened)).toEqual({ code: 'bad-reveal' })
  })

  it('has a consequence for every verdict', () => {
    const settled: VerdictCode[] = ['agrees', 'unrevealed', 'bad-reveal']
    for (const code of settled) expect(VERDICTS[code].verifier).toBe('right')
    expect(VERDICTS['other-steps']).toMatchObject({ worker: 'open', verifier: 'open' })
  })
})

describe('judgeSteps', () => {
  const lie: StepValues = { lossBits: 1, normBits: [1, 2, 3] }
  const guessed = { ...honest, steps: attestSteps(sha256, verifier, segment, [lie, lie]) }

  it('finds the verifier that guessed', () => {
    expect(judgeSteps(sha256, segment, guessed, reveal, 7, inside[0]!)).toEqual({
      isWorkerRight: true,
      isVerifierRight: false,
    })
  })

  it('finds the worker that committed to anything', () => {
    const lies = values.map((value, step) => (step === 8 ? lie : value))
    const opened = revealSteps(sha256, salt, lies, segment)
    const other = { ...claimed, ...commitSteps(sha256, salt, lies) }
    expect(judgeAttestation(sha256, other, segment, honest, opened)).toEqual({ code: 'other-steps', step: 8 })
    expect(judgeSteps(sha256, segment, honest, opened, 8, inside[1]!)).toEqual({
      isWorkerRight: false,
      isVerifierRight: true,
    })
  })

  it('finds both', () => {
    expect(judgeSteps(sha256, segment, guessed, reveal, 7, inside[1]!)).toEqual({
      isWorkerRight: false,
      isVerifierRight: false,
    })
  })
})

describe('attestationStatement', () => {
  it('changes with everything that is attested', () => {
    const changes: Partial<Attestation>[] = [
      { unit: { ...unit, replica: 2 } },
      { segment: 2 },
      { verifier: accountOf(8) },
      { claim: root('c2') },
      { ends: [root('e2')] },
      { steps: [...honest.steps].reverse() },
    ]
    const statements = [{}, ...changes].map(change => encodeHex(attestationStatement({ ...honest, ...change })))
    expect(new Set(statements).size).toBe(changes.length + 1)
  })
})
