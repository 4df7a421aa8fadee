/** Claims that are proven wrong take rounds back, whoever coordinates then; the job ends with the same root all the same. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { brokenMoneyRules, type Counts } from '../settlement.ts'
import { brokenInvariant, impossibleMove } from '../testing/coordinator-invariants.ts'
import { runToyNetwork, type ToyNetworkOptions } from '../testing/toy-network.ts'
import { toyFacts, toyFinalRoot, toyRoots } from '../testing/toy-work.ts'
import type { CoordinatorState, JobRecord } from './coordinator/state.ts'

type Options = Omit<ToyNetworkOptions, 'onTick' | 'workers'> & { readonly workers?: number }

/** Runs a job to its end and checks every state on the way, the root, and that exactly the work of a job is paid. */
function runWhole(options: Options) {
  const last = new Map<string, CoordinatorState>()
  const { facts } = options
  const result = runToyNetwork({
    workers: 6,
    ...options,
    onTick(state, event, account) {
      const before = last.get(account)
      const moved = before === undefined || event.event === 'job' ? undefined : impossibleMove(before, state)
      const problem = brokenInvariant(state) ?? moved
      if (problem !== undefined) throw new Error(`${problem}, after ${event.event}`)
      last.set(account, state)
    },
  })
  const job = result.state.jobs.get(facts.job) as JobRecord
  expect(job.chain.status).toBe('closed')
  expect(result.finalRoot).toBe(toyFinalRoot(facts))
  expect(result.refused).toEqual([])
  expect(brokenMoneyRules(result.chain.state())).toEqual([])
  const units = BigInt(facts.replicas * facts.rounds)
  const evaluated = BigInt(facts.evaluatesAfter.filter(Boolean).length)
  const totals: Counts = result.chain.state().jobs.get(facts.job)!.settled.totals
  const kept = units * BigInt(facts.custodians)
  expect(totals).toEqual({ trained: units, evaluated, kept, coordinated: BigInt(facts.rounds), audited: 0n })
  return { ...result, job }
}

const reasonsAbout = (reasons: readonly string[], text: string): number =>
  reasons.filter(reason => reason.includes(text)).length

describe('a job whose claims are proven wrong', () => {
  test('opens the unit again for another node, keeps its siblings, and does all that came after again', () => {
    const facts = toyFacts({ rounds: 4, replicas: 3 })
    let rewound = 0
    const { reasons, job } = runWhole({
      facts,
      seed: 3,
      challengeSeconds: 10,
      onBlock(chain, nowMs) {
        if (rewound === 0 && chain.anchors().length === 3)
          rewound += chain.rewind(1, [{ index: 1, isOuter: false }], nowMs)
      },
    })
    expect(rewound).toBe(1)
    const [wrong] = job.chain.wrongs
    expect(wrong).toMatchObject({ round: 1, index: 1, isOuter: false })
    const accounts = job.rounds[1]?.units.map(({ outcome }) =>
      outcome?.kind === 'trained' ? outcome.commitment.account : undefined,
    )
    expect(accounts?.[1]).not.toBe(wrong?.account)
    const about = 'was proven wrong, as'
    expect(reasonsAbout(reasons, 'the job goes back to round 1')).toBe(1)
    // Nothing of the siblings is opened again; three units of every round that came after are void.
    for (const replica of [0, 2]) expect(reasonsAbout(reasons, `round 1 replica ${replica}: replica 1 of`)).toBe(0)
    expect(reasonsAbout(reasons, `round 1 replica 1: replica 1 of round 1 ${about}`)).toBe(1)
    for (const replica of [0, 1, 2])
      expect(reasonsAbout(reasons, `round 2 replica ${replica}: replica 1 of round 1 ${about}`)).toBe(1)
  })

  test('does the outer step again when that was wrong, and nothing but the evaluation when that was', () => {
    const facts = toyFacts({ rounds: 4, replicas: 2 })
    for (const claim of [
      { index: 0, isOuter: true },
      { index: 2, isOuter: false },
    ]) {
      let rewound = 0
      const { reasons } = runWhole({
        facts,
        seed: 8,
        onBlock(chain, nowMs) {
          if (rewound === 0 && chain.anchors().length === 2) rewound += chain.rewind(1, [claim], nowMs)
        },
      })
      expect(rewound).toBe(1)
      expect(reasons.filter(text => /^round 1 replica \d: (the outer step|the evaluation)/.test(text))).toEqual([])
      const redone = reasons.filter(text => /^round 2 replica \d: the (outer step|evaluation) of round 1/.test(text))
      expect(redone.length > 0).toBe(claim.isOuter)
    }
  })

  test('goes on with the state that most owners found, and needs no rewind where that is right', () => {
    const facts = toyFacts({ rounds: 3, replicas: 3, unitBond: 1n })
    const { reasons, job } = runWhole({ facts, seed: 4, workers: 3, misreporting: 1 })
    expect(reasonsAbout(reasons, 'workers disagree on the state after round')).toBeGreaterThan(0)
    expect(job.chain.wrongs).toEqual([])
  })

  test('goes back where most say what is wrong: nobody ends a job by what it reports', () => {
    const facts = toyFacts({ rounds: 3, replicas: 3, unitBond: 1n })
    const right = toyRoots(facts)
    let rewound = 0
    fc.assert(
      fc.property(fc.nat(1_000), seed => {
        runWhole({
          ...{ facts, seed, workers: 5, misreporting: 2 },
          onBlock(chain, nowMs) {
            const anchor = chain.anchors().at(-1)
            if (anchor === undefined || anchor.globalRoot === right[anchor.round]) return
            const index = anchor.works.findIndex(({ outer }) => outer !== '0x')
            rewound += chain.rewind(anchor.round, [{ index, isOuter: true }], nowMs)
          },
        })
      }),
      { numRuns: 20 },
    )
    expect(rewound).toBeGreaterThan(0)
  })

  test('takes two replicas back at once', () => {
    const facts = toyFacts({ rounds: 3, replicas: 3 })
    fc.assert(
      fc.property(fc.nat(1_000), seed => {
        let rewound = 0
        const { job } = runWhole({
          facts,
          seed,
          onBlock(chain, nowMs) {
            const both = [0, 2].map(index => ({ index, isOuter: false }))
            if (rewound === 0 && chain.anchors().length === 2) rewound = chain.rewind(1, both, nowMs)
          },
        })
        expect(rewound).toBe(2)
        expect(job.chain.wrongs.map(({ index }) => index)).toEqual([0, 2])
      }),
      { numRuns: 20 },
    )
  })

  test('is not finished before its last round is final: that one may be taken back, too', () => {
    const facts = toyFacts({ rounds: 3, replicas: 2 })
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1), (seed, index) => {
        let rewound = 0
        runWhole({
          facts,
          seed,
          onBlock(chain, nowMs) {
            const isLast = rewound < 2 && chain.anchors().length === 3
            if (isLast) rewound += chain.rewind(2, [{ index, isOuter: false }], nowMs)
          },
        })
        expect(rewound).toBe(2)
      }),
      { numRuns: 20 },
    )
  })

  test('goes on with whoever coordinates then: the one before may have told nobody', () => {
    const facts = toyFacts({ rounds: 4, replicas: 2 })
    fc.assert(
      fc.property(fc.nat(1_000), fc.boolean(), fc.nat(1), (seed, isWiped, index) => {
        let rewound = 0
        runWhole({
          facts,
          seed,
          challengeSeconds: 10,
          onBlock(chain, nowMs, replace) {
            if (rewound > 0 || chain.anchors().length < 3) return
            rewound += chain.rewind(1, [{ index, isOuter: false }], nowMs)
            if (rewound > 0) replace(isWiped)
          },
        })
        expect(rewound).toBe(1)
      }),
      { numRuns: 30 },
    )
  })

  test('goes on where its outer step is proven not to have left the domain, as far as others say that it has not', () => {
    const facts = toyFacts({ rounds: 4, replicas: 2 })
    let rewound = 0
    const { state, reasons } = runToyNetwork({
      ...{ facts, workers: 8, seed: 3, challengeSeconds: 12, divergence: { in: 'outer', round: 2, replica: 0 } },
      onBlock(chain, nowMs) {
        if (rewound === 0) rewound += chain.rewind(2, [{ index: 0, isOuter: true }], nowMs)
      },
    })
    expect(rewound).toBe(1)
    expect(reasonsAbout(reasons, 'the job goes back to round 2: the outer step')).toBe(1)
    // All others of this network say the same: it ends so once more.
    const job = state.jobs.get(facts.job)
    expect(job).toMatchObject({ chain: { status: 'closed', anchored: 2 }, ended: { outcome: 'diverged' } })
    expect(job?.chain.wrongs).toMatchObject([{ round: 2, isOuter: true }])
  })

  test('goes on, to the same root, where a unit or an evaluation is proven not to have left the domain', () => {
    let rewinds = 0
    const where = fc.record({ in: fc.constantFrom('unit', 'evaluation'), round: fc.constantFrom(1, 3) })
    fc.assert(
      fc.property(
        fc.nat(1_000),
        where,
        fc.constantFrom(0, 10),
        fc.constantFrom(0, 40_000),
        (seed, said, lost, every) => {
          const facts = toyFacts({ rounds: 4, replicas: 2 })
          const index = said.in === 'unit' ? 1 : facts.replicas
          const divergence = { ...said, replica: 1, workers: 3 } as const
          const options = {
            facts,
            workers: 8,
            seed,
            challengeSeconds: 10,
            divergence,
            faults: { lost, replaceEveryMs: every },
          }
          const { job } = runWhole({
            ...options,
            onBlock(chain, nowMs) {
              const { isEnded, rounds } = chain.state().jobs.get(facts.job)!
              if (isEnded && rounds === said.round)
                rewinds += chain.rewind(said.round, [{ index, isOuter: false }], nowMs)
            },
          })
          // No liar has the unit twice.
          expect(new Set(job.chain.wrongs.map(({ account }) => account)).size).toBe(job.chain.wrongs.length)
        },
      ),
      { numRuns: 40 },
    )
    expect(rewinds).toBeGreaterThan(10)
  })

  test('that left the domain in a later round does so again, and ends', () => {
    // Without a signature of its outer step, a round before the last is done again: these runs come to that.
    for (const seed of [1, 31, 42, 45]) {
      const facts = toyFacts({ rounds: 4, replicas: 2 })
      const divergence = { in: 'unit', round: 2, replica: 1 } as const
      const faults = { lost: 10, failed: 10, rewindEveryMs: 8_000 }
      const options = { facts, workers: 8, seed, challengeSeconds: 12, faults, divergence }
      const { state, reasons } = runToyNetwork(options)
      const job = state.jobs.get(facts.job)
      expect(job).toMatchObject({ chain: { status: 'closed', anchored: 2 }, ended: { outcome: 'diverged' } })
      expect(reasonsAbout(reasons, 'has signed its outer step')).toBeGreaterThan(0)
    }
  })

  test('ends with the same root under any faults', () => {
    let rewinds = 0
    const faults = fc.record({
      lost: fc.integer({ min: 0, max: 30 }),
      doubled: fc.integer({ min: 0, max: 20 }),
      failed: fc.integer({ min: 0, max: 30 }),
      deathEveryMs: fc.constantFrom(0, 5_000, 20_000),
      wiped: fc.constantFrom(0, 50),
      restoreEveryMs: fc.constantFrom(0, 5_000),
      replaceEveryMs: fc.constantFrom(0, 60_000),
      rewindEveryMs: fc.constantFrom(1_000, 4_000),
    })
    const jobs = fc.record({
      replicas: fc.integer({ min: 1, max: 4 }),
      rounds: fc.integer({ min: 1, max: 5 }),
      custodians: fc.integer({ min: 1, max: 2 }),
      maximumUnsettled: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), jobs, faults, (seed, more, given) => {
        rewinds += runWhole({ facts: toyFacts(more), workers: 8, seed, faults: given }).rewound
      }),
      { numRuns: 60, endOnFailure: true },
    )
    expect(rewinds).toBeGreaterThan(50)
  })
})
