/**
 * Verifiers that copy instead of computing: they confirm the roots of the request and make leaves of guesses. Judged by the
 * production code; the worker is honest and opens its steps.
 */
import { encodeCanonical, type HashFunction, type HashHex, hashToHex } from '@cairn/primitives'
import { attestSteps, commitSteps, revealSteps, type StepValues } from '../audit/attestation.ts'
import { roundBeacon } from '../audit/beacon.ts'
import { DECOY_RATE, plantedEnds, werePlanted } from '../audit/decoy.ts'
import { segmentOf } from '../audit/segment.ts'
import { judgeAttestation } from '../audit/verdict.ts'
import type { JobId } from '../units.ts'
import { countChance, counted, type Ledger, newLedger } from './audit-ledger.ts'
import { COSTS, MARKET, VERIFYING } from './audit-network.ts'
import { type Draw, drawFrom } from './letter-games.ts'

const [STEPS, SEGMENTS, TENSORS] = [20, 5, 3]
/** A lazy verifier knows about where losses and norms lie; of their 2^23 mantissas it tries the likeliest few. */
const LIKELY = 1 << 12

interface LazyOutcome {
  /** In `cheated`, money of each attestation; the chances are those to be given made-up roots and confirm them. */
  readonly ledger: Ledger
  /** Verdicts on the attestations to true roots, and how many there were. */
  readonly verdicts: ReadonlyMap<string, number>
}

/** Has so many audits attested to by a verifier that computes nothing. */
export function simulateLazyVerifier(hash: HashFunction, audits: number, seed: number): LazyOutcome {
  const draw = drawFrom(seed)
  const ledger = newLedger()
  const verdicts = new Map<string, number>()
  for (let round = 0; round < audits; round++) {
    const code = attestLazily(hash, draw, seed, round)
    countChance(ledger, DECOY_RATE / 1_000_000, code === 'planted')
    if (code !== 'planted') verdicts.set(code, (verdicts.get(code) ?? 0) + 1)
    ledger.cheated = counted(ledger.cheated, (code === 'agrees' ? MARKET.auditPrice : 0) - COSTS.gas)
  }
  return { ledger, verdicts }
}

function attestLazily(hash: HashFunction, draw: Draw, seed: number, round: number): string {
  const digest = (...parts: unknown[]): HashHex => hashToHex(hash(encodeCanonical([seed, round, ...parts])))
  const job = digest('job') as string as JobId
  const beacon = roundBeacon(hash, { chainId: 1, job, round, head: digest('head'), blockHash: digest('block') })
  const index = draw(SEGMENTS)
  const segment = segmentOf({ steps: STEPS, segments: SEGMENTS }, index)
  const [salt, secret] = [hash(encodeCanonical([seed, round, 'salt'])), hash(encodeCanonical([seed, round, 'secret']))]
  const values = Array.from({ length: STEPS }, () => randomValues(draw))
  const claimed = {
    ...commitSteps(hash, salt, values),
    claim: digest('claim'),
    ends: [digest('end')],
    unitSteps: STEPS,
  }
  const verifier = VERIFYING[draw(VERIFYING.length)]!.account
  const request = { beacon, job, round, index: 0, segment: index, verifier }
  const ends = plantedEnds(hash, secret, request, claimed.ends.length) ?? claimed.ends
  const guesses = Array.from({ length: segment.steps }, () => randomValues(draw))
  const unit = { job, round, replica: 0, kind: 'train' } as const
  const steps = attestSteps(hash, verifier, segment, guesses)
  const attestation = { unit, segment: index, verifier, claim: claimed.claim, ends, steps }
  if (werePlanted(hash, secret, request, attestation.ends)) return 'planted'
  return judgeAttestation(hash, claimed, segment, attestation, revealSteps(hash, salt, values, segment)).code
}

const randomValues = (draw: Draw): StepValues => ({
  lossBits: 0x4000_0000 + draw(LIKELY),
  normBits: Array.from({ length: TENSORS }, () => 0x3f00_0000 + draw(LIKELY)),
})
