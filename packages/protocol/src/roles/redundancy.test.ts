/** Redundancy on letters: every unit is done by several nodes, and what one of them says falsely is found by the others. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Audit, brokenMoneyRules } from '../settlement.ts'
import { brokenInvariant } from '../testing/coordinator-invariants.ts'
import { runToyNetwork, type ToyNetworkOptions } from '../testing/toy-network.ts'
import { toyVerifierPeers } from '../testing/toy-verifiers.ts'
import { toyFacts, toyFinalRoot } from '../testing/toy-work.ts'
import { accountOf } from '../testing/toy-workers.ts'
import type { JobRecord } from './coordinator/state.ts'

const CHALLENGE_SECONDS = 30
const DOERS = toyVerifierPeers(9).map(accountOf)

const redundantFacts = (verifiers: number) => {
  const audits = { auditMs: CHALLENGE_SECONDS * 300, verifiers, doers: verifiers - 1, evaluationBatches: 2 }
  return toyFacts({ rounds: 3, replicas: 2, innerSteps: 7, checkpoints: 3, audits })
}

const verifiers = (count: number) => Array.from({ length: count }, () => 'honest' as const)

/** Runs a job to its end, and checks what must hold of it whoever does what. */
function run(options: Omit<ToyNetworkOptions, 'onTick' | 'workers'> & { readonly workers?: number }) {
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
  const { links } = result.chain.state().jobs.get(facts.job)!
  expect(brokenMoneyRules(result.chain.state())).toEqual([])
  const paid: readonly Audit[] = links.flatMap(({ anchor }) => anchor.audits)
  const keys = paid.map(({ verifier, round, index }) => `${verifier} ${round} ${index}`)
  expect(new Set(keys).size).toBe(keys.length)
  const paidTo = (i: number) => paid.filter(({ verifier }) => verifier === DOERS[i]).length
  const said = (text: string) => result.reasons.filter(reason => reason.includes(text)).length
  return { ...result, job, paid, paidTo, said, units: facts.rounds * facts.replicas }
}

describe('a job whose units are done several times', () => {
  test('ends with the root that one process finds; every doer and one auditor of every unit is paid', () => {
    const facts = redundantFacts(3)
    const { paid, units, said } = run({ facts, seed: 1, verifiers: verifiers(6) })
    expect(said('found what its worker found')).toBe(units)
    expect(said('sealed by its worker, and as doers by ')).toBe(units)
    const evaluations = facts.evaluatesAfter.filter(Boolean).length
    // Who has done a unit and is drawn to audit it is paid once.
    expect(paid.length).toBeLessThanOrEqual(3 * units + evaluations)
    expect(paid.length).toBeGreaterThanOrEqual(2 * units + evaluations)
  })

  test('goes back from what a worker says falsely: its doers find it', () => {
    const facts = redundantFacts(2)
    const { rewound, chain, said, paid } = run({ facts, seed: 2, verifiers: verifiers(5), lying: 1 })
    expect(rewound).toBe(0) // none of the network's own
    const { wrongs } = chain.view(DOERS[0]!, 0)
    expect(wrongs.length).toBeGreaterThan(0)
    expect(new Set(wrongs.map(({ account }) => account)).size).toBe(1)
    expect(said('found something else, and is to challenge it')).toBe(wrongs.length)
    expect(paid.length).toBeGreaterThan(0)
  })

  test('asks a substitute for a doer that is silent', () => {
    const facts = redundantFacts(2)
    const doers = ['silent', 'silent'] as const
    const { units, said, paidTo } = run({ facts, seed: 2, verifiers: verifiers(6), doers })
    expect(said('found what its worker found')).toBe(units)
    expect(said('did not seal or open in time')).toBeGreaterThan(0)
    // As auditors they are honest.
    expect(paidTo(0)).toBeLessThan(units)
  })

  test('pays nobody for a seal that was copied, or is not opened, or for another result', () => {
    for (const kind of ['copier', 'mute', 'liar'] as const) {
      const facts = redundantFacts(3)
      const all = run({ facts, seed: 4, verifiers: verifiers(3), doers: [kind, kind, kind] })
      expect(all.said('found what its worker found')).toBe(0)
      expect(all.said(kind === 'liar' ? 'is to challenge it' : 'nobody compared it')).toBe(all.units)
      const { paid, paidTo } = run({ facts, seed: 4, verifiers: verifiers(6), doers: [kind] })
      expect(paid.length).toBeGreaterThan(paidTo(0))
      // Nobody refutes what is right.
      expect(all.chain.view(DOERS[0]!, 0).wrongs).toEqual([])
    }
  })

  test('takes a unit from a worker that does not open; what the doers sealed serves again', () => {
    const facts = redundantFacts(2)
    const { said, job, units } = run({ facts, seed: 5, verifiers: verifiers(4), mute: 2 })
    expect(said('did not open what it had sealed')).toBeGreaterThan(0)
    expect(said('found what its worker found')).toBe(units)
    const workers = job.rounds.flatMap(round => round.units.map(({ outcome }) => outcome))
    expect(workers).toHaveLength(units)
  })

  test('goes on with fewer doers than it asks for, and with none, and says so', () => {
    const one = run({ facts: redundantFacts(4), seed: 6, verifiers: verifiers(1) })
    expect(one.said('the registry has 1')).toBeGreaterThan(0)
    expect(one.said('found what its worker found')).toBe(one.units)
    const none = run({ facts: redundantFacts(2), seed: 6, verifiers: [] })
    expect(none.said('as doers by nobody')).toBe(none.units)
    expect(none.said('nobody compared it')).toBe(none.units)
    expect(none.paid).toEqual([])
  })

  test('ends with as many workers as replicas: none keeps a sealed unit while an evaluation waits for it', () => {
    for (let seed = 0; seed < 8; seed++) {
      const facts = redundantFacts(2)
      const { said, units } = run({ facts, seed, workers: facts.replicas, verifiers: verifiers(3) })
      expect(said('found what its worker found')).toBe(units)
    }
  })

  test('goes on with a coordinator that is restored, or another one, between seals and opening', () => {
    for (const isWiped of ['restored', true, false] as const) {
      const facts = redundantFacts(3)
      const given = isWiped === 'restored' ? { restoreEveryMs: 700 } : { replaceEveryMs: 12_000 }
      const { said, units, paid } = run({ facts, seed: 9, verifiers: verifiers(5), faults: { ...given, lost: 5 } })
      expect(said('found what its worker found')).toBeGreaterThanOrEqual(units)
      expect(paid.length).toBeGreaterThan(units)
    }
  })

  test('pays again, after a rewind, a doer that was drawn to audit the unit, too: for the segment that it signed', () => {
    const faults = { lost: 2, doubled: 12, failed: 20, restoreEveryMs: 5000, rewindEveryMs: 20_000 }
    const doers = ['honest', 'copier'] as const
    const { paid } = run({ facts: redundantFacts(2), seed: 23, faults, mute: 2, verifiers: verifiers(2), doers })
    expect(paid.length).toBeGreaterThan(0)
  })

  test('ends with that root, and pays nothing twice, whatever is lost and whoever lies, is silent or dies', () => {
    let found = 0
    const faults = fc.record({
      lost: fc.integer({ min: 0, max: 20 }),
      doubled: fc.integer({ min: 0, max: 20 }),
      failed: fc.integer({ min: 0, max: 20 }),
      deathEveryMs: fc.constantFrom(0, 20_000),
      restoreEveryMs: fc.constantFrom(0, 5_000),
      replaceEveryMs: fc.constantFrom(0, 0, 60_000),
      rewindEveryMs: fc.constantFrom(0, 20_000),
    })
    const kinds = fc.array(fc.constantFrom('honest', 'silent', 'mute', 'liar', 'copier'), { maxLength: 4 })
    const bad = fc.integer({ min: 0, max: 2 })
    const all = [fc.nat(2 ** 31), fc.integer({ min: 2, max: 4 }), faults, kinds, bad] as const
    fc.assert(
      fc.property(...all, (seed, most, given, others, mute) => {
        const doers = ['honest', ...others] as const
        const options = { facts: redundantFacts(most), seed, faults: given, mute }
        const { said } = run({ ...options, verifiers: verifiers(doers.length), doers: doers as never })
        found += said('found what its worker found')
      }),
      { numRuns: 12, endOnFailure: true },
    )
    expect(found).toBeGreaterThan(12)
  })
})
