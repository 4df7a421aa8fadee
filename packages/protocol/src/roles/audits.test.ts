/** Audits on letters: whoever does a segment is paid for it once, whatever fails; whoever pretends to is not. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Audit, brokenMoneyRules } from '../settlement.ts'
import { brokenInvariant } from '../testing/coordinator-invariants.ts'
import { runToyNetwork, type ToyNetworkOptions } from '../testing/toy-network.ts'
import { toyVerifierPeers } from '../testing/toy-verifiers.ts'
import { toyFacts, toyFinalRoot } from '../testing/toy-work.ts'
import { accountOf } from '../testing/toy-workers.ts'
import type { JobRecord } from './coordinator/state.ts'

const CHALLENGE_SECONDS = 12
const VERIFIERS = toyVerifierPeers(9).map(accountOf)

const auditedFacts = (verifiers: number, challengeSeconds = CHALLENGE_SECONDS) => {
  const audits = { auditMs: (challengeSeconds * 1000) / 3, verifiers, evaluationBatches: 2 }
  return toyFacts({ rounds: 3, replicas: 2, innerSteps: 7, checkpoints: 3, audits })
}

/** Runs an audited job to its end, and checks what must hold of it whoever does what. */
function runAudited(options: Omit<ToyNetworkOptions, 'workers' | 'onTick'>) {
  const { facts } = options
  const result = runToyNetwork({
    workers: 8,
    challengeSeconds: CHALLENGE_SECONDS,
    ...options,
    onTick(state, event) {
      const problem = brokenInvariant(state)
      if (problem !== undefined) throw new Error(`${problem}, after ${event.event}`)
    },
  })
  const job = result.state.jobs.get(facts.job) as JobRecord
  expect(job.chain.status).toBe('closed')
  expect(result.finalRoot).toBe(toyFinalRoot(facts))
  expect(result.refused).toEqual([])
  const { links, settled } = result.chain.state().jobs.get(facts.job)!
  expect(brokenMoneyRules(result.chain.state())).toEqual([])
  const paid: readonly Audit[] = links.flatMap(({ anchor }) => anchor.audits)
  const times = (of: (audit: Audit) => string) => Math.max(0, ...[...Map.groupBy(paid, of).values()].map(a => a.length))
  expect(times(({ verifier, round, index }) => `${verifier} ${round} ${index}`)).toBeLessThanOrEqual(1)
  expect(times(({ round, index }) => `${round} ${index}`)).toBeLessThanOrEqual(facts.audits!.verifiers)
  expect(Number(settled.totals.audited)).toBe(paid.length)
  const workers = job.rounds.flatMap(({ units }) =>
    units.flatMap(({ outcome }) => {
      if (outcome?.kind !== 'trained') return []
      return [outcome.commitment.account, ...outcome.commitment.custody.map(({ account }) => account)]
    }),
  )
  expect(workers.filter(account => VERIFIERS.includes(account as never))).toEqual([])
  const units = facts.rounds * facts.replicas + facts.evaluatesAfter.filter(Boolean).length
  return { ...result, job, paid, units, paidTo: (i: number) => paid.filter(a => a.verifier === VERIFIERS[i]).length }
}

const count = (reasons: readonly string[], text: string): number => reasons.filter(r => r.includes(text)).length

describe('a job that is audited', () => {
  test('pays every verifier of every unit once, the last by the link that closes the chain', () => {
    const { paid, units, calls } = runAudited({ facts: auditedFacts(2), seed: 1, verifiers: honest(4) })
    expect(paid).toHaveLength(2 * units)
    expect(calls.filter(call => call === 'end')).toHaveLength(1)
  })

  test('is not closed by a link of its own where there is nobody to audit it', () => {
    const { paid, calls, reasons } = runAudited({ facts: auditedFacts(1), seed: 1, verifiers: [] })
    expect(paid).toEqual([])
    expect(calls).not.toContain('end')
    expect(count(reasons, 'nobody can do it')).toBeGreaterThan(0)
  })

  test('asks a substitute for who is silent, and says so', () => {
    const verifiers = ['silent', ...honest(3)] as const
    const { paid, units, paidTo, reasons } = runAudited({ facts: auditedFacts(2), seed: 2, verifiers })
    expect(paid).toHaveLength(2 * units)
    expect(paidTo(0)).toBe(0)
    expect(count(reasons, 'is asked instead')).toBeGreaterThan(0)
    expect(count(reasons, `${VERIFIERS[0]}: said nothing`)).toBe(count(reasons, 'is asked instead'))
  })

  test('does not pay for other ends, nor for steps that were not done', () => {
    const verifiers = ['liar', 'guesser', ...honest(4)] as const
    const { paidTo, reasons, units, paid } = runAudited({ facts: auditedFacts(2), seed: 3, verifiers })
    expect([paidTo(0), paidTo(1)]).toEqual([0, 0])
    expect(count(reasons, 'has attested; other-end')).toBeGreaterThan(0)
    const guessed = count(reasons, `${VERIFIERS[1]}: other-steps`)
    expect(guessed).toBeGreaterThan(0)
    // For a liar another is asked; who guessed is found out when everybody has spoken.
    expect(paid).toHaveLength(2 * units - guessed)
  })

  test('finds those who believe what they are asked', () => {
    const facts = auditedFacts(1)
    const believers = runAudited({ facts, seed: 4, verifiers: ['believer', 'believer'], decoyRate: 1_000_000 })
    expect(believers.paid).toEqual([])
    expect(count(believers.reasons, 'it confirmed made-up ends')).toBeGreaterThan(0)
    const { paid, units } = runAudited({ facts, seed: 4, verifiers: honest(2), decoyRate: 1_000_000 })
    expect(paid).toHaveLength(units)
  })

  test('pays those who audited a worker that reveals nothing', () => {
    const facts = auditedFacts(1)
    const { paid, units, reasons } = runAudited({ facts, seed: 5, verifiers: honest(3), unrevealing: 8 })
    expect(paid).toHaveLength(units)
    expect(count(reasons, 'agrees: ')).toBe(0)
    expect(count(reasons, 'unrevealed: the worker let its time pass')).toBeGreaterThan(0)
  })

  test('goes on with another coordinator, which asks again and pays what no link has paid', () => {
    for (const isWiped of [true, false]) {
      let replaced = 0
      const { paid, units, job } = runAudited({
        facts: auditedFacts(2, 120),
        seed: 6,
        verifiers: honest(4),
        challengeSeconds: 120,
        onBlock(chain, _, replace) {
          const [second] = chain.anchors().slice(1)
          if (replaced > 0 || second === undefined) return
          expect(second.audits.length).toBeGreaterThan(0)
          replaced++
          replace(isWiped)
        },
      })
      expect(replaced).toBe(1)
      expect(paid).toHaveLength(2 * units)
      expect(new Set(job.rounds.map(({ coordinator }) => coordinator)).size).toBe(2)
    }
  })

  test('pays nothing twice, whoever coordinates it and whatever is lost, proven wrong or done again', () => {
    let paidInAll = 0
    const faults = fc.record({
      lost: fc.integer({ min: 0, max: 20 }),
      doubled: fc.integer({ min: 0, max: 20 }),
      failed: fc.integer({ min: 0, max: 20 }),
      restoreEveryMs: fc.constantFrom(0, 5_000),
      replaceEveryMs: fc.constantFrom(0, 30_000),
      rewindEveryMs: fc.constantFrom(0, 5_000),
    })
    const kinds = fc.constantFrom('honest', 'honest', 'silent', 'liar', 'guesser', 'believer')
    const all = [fc.nat(2 ** 31), fc.integer({ min: 1, max: 3 }), faults, fc.array(kinds, { maxLength: 6 })] as const
    fc.assert(
      fc.property(...all, (seed, verifiers, given, others) => {
        const facts = auditedFacts(verifiers)
        const { paid } = runAudited({ facts, seed, faults: given, verifiers: ['honest', ...others] as never })
        paidInAll += paid.length
      }),
      { numRuns: 25, endOnFailure: true },
    )
    expect(paidInAll).toBeGreaterThan(25)
  })
})

function honest(count: number) {
  return Array.from({ length: count }, () => 'honest' as const)
}
