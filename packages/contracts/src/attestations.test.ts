/** Which attestations a link takes, told as scripts that run on the contracts and on their model at once. */
import type { HashHex } from '@cairn/primitives'
import { type Audit, attestationMessage, type JobId, NO_HASH, type Settlement } from '@cairn/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Players } from './conformance.ts'
import { type LocalChain, startLocalChain } from './index.ts'
import { adding, nextRound } from './testing/next-round.ts'
import { type Line, line, ofJob, play } from './testing/script.ts'

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

const terms = {
  ...{ document: 'd'.repeat(64) as HashHex, provable: 'e'.repeat(64) as HashHex, budget: 200n },
  ...{ trainPrice: 10n, evaluatePrice: 2n, custodyPrice: 0n, roundPrice: 0n, auditPrice: 1n },
  ...{ rounds: 4, replicas: 2, evaluateEvery: 2, custodians: 0, auditRate: 1_000_000 },
  ...{ maximumUnsettled: 4, verifiers: 1, policy: 1 },
}

const [SUBMITTER, JUDGE, VERIFIER, ONE, TWO] = [0, 1, 2, 3, 4] as const
const begin: Line[] = [line(0, SUBMITTER, 'submit', () => ({ terms })), line(0, JUDGE, 'takeLease', ofJob)]

type Said = Pick<Audit, 'round' | 'index'> & Partial<Pick<Audit, 'claim'>>

/** The next round by these workers, with the verifier's attestations; to what the units claim, unless they say otherwise. */
const anchor =
  (workers: readonly number[], said: readonly Said[] = [], attempt = 0) =>
  (job: JobId, state: Settlement, { accounts, sign }: Players) => {
    const at = state.jobs.get(job)!
    const verifier = accounts[VERIFIER]!
    const audits = said.map(({ round, index, claim }): Audit => {
      const standing = at.links[round]?.anchor.works[index]?.claim ?? NO_HASH
      const about = { round, index, segment: 0, claim: claim ?? standing }
      return { verifier, ...about, signature: sign(verifier, attestationMessage(job, about)) }
    })
    const parts = { coordinator: accounts[JUDGE]!, workers: workers.map(worker => accounts[worker]!), attempt, audits }
    return adding(1, nextRound(at, job, parts, sign))
  }

const unit = { round: 0, index: 0 }
const first = (_: JobId, { jobs }: Settlement) => [...jobs.values()].at(-1)!.links[0]!.anchor

it('are to claims that their units have, in links before', async () => {
  const { states } = await play(chain, [
    ...begin,
    line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
    line(1, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [{ ...unit, claim: '7'.repeat(64) as HashHex }]), 'BadAudits'),
    line(1, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [{ ...unit, index: 2 }]), 'BadAudits'),
    line(1, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [{ ...unit, round: 1 }]), 'BadAudits'),
    line(1, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit])),
    line(2, JUDGE, 'anchor', anchor([ONE, TWO], [{ round: 1, index: 2 }])),
  ])
  expect([...states.at(-1)!.jobs.values()].at(-1)).toMatchObject({ rounds: 3 })
})

it('are listed once, and not so late that nobody has what it takes to defend them', async () => {
  const late = { ...terms, maximumUnsettled: 1, rounds: 5 }
  const final =
    (round: number) =>
    (job: JobId, { jobs }: Settlement) => ({ anchor: jobs.get(job)!.links[round]!.anchor })
  await play(chain, [
    line(0, SUBMITTER, 'submit', () => ({ terms: late })),
    line(0, JUDGE, 'takeLease', ofJob),
    line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
    line(20, JUDGE, 'finalise', final(0)),
    line(20, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit, unit]), 'BadAudits'),
    line(20, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit])),
    line(40, JUDGE, 'finalise', final(1)),
    line(40, JUDGE, 'anchor', anchor([ONE, TWO], [unit]), 'BadAudits'),
    line(40, JUDGE, 'anchor', anchor([ONE, TWO], [{ ...unit, index: 1 }]), 'BadAudits'),
    line(40, JUDGE, 'anchor', anchor([ONE, TWO], [{ ...unit, round: 1 }])),
  ])
})

it('are listed once, by any link that stands', async () => {
  await play(chain, [
    ...begin,
    line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
    line(1, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit])),
    line(2, JUDGE, 'anchor', anchor([ONE, TWO], [unit]), 'BadAudits'),
    line(2, JUDGE, 'anchor', anchor([ONE, TWO], [{ ...unit, index: 1 }])),
  ])
})

/** Round 0 is done, attested to in round 1, and taken back for its second unit. */
const rewound = (): Line[] => [
  ...begin,
  line(0, JUDGE, 'anchor', anchor([ONE, TWO])),
  line(1, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit])),
  line(2, ONE, 'open', (job, state) => ({ anchor: first(job, state), position: 1, outer: false })),
  line(3, JUDGE, 'rule', () => ({ game: 0, defended: false })),
]

/** What the unit claimed in the link that became void. */
const before = (_: JobId, { voids }: Settlement) => [...voids.values()][0]!.anchor.works[0]!.claim

it('serve again after a rewind that left their units', async () => {
  const { states } = await play(chain, [
    ...rewound(),
    line(4, JUDGE, 'anchor', anchor([ONE, VERIFIER])),
    line(5, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit])),
  ])
  const old = [...states.at(-1)!.voids.values()].find(({ anchor: { round } }) => round === 1)!
  expect([...states.at(-1)!.jobs.values()].at(-1)!.links[1]!.anchor.audits).toEqual(old.anchor.audits)
})

it('are of no use once their units were done again', async () => {
  await play(chain, [
    ...rewound(),
    line(4, JUDGE, 'anchor', anchor([ONE, VERIFIER], [], 1)),
    line(
      5,
      JUDGE,
      'anchor',
      (job, state, players) => anchor([ONE, TWO, ONE], [{ ...unit, claim: before(job, state) }])(job, state, players),
      'BadAudits',
    ),
    line(5, JUDGE, 'anchor', anchor([ONE, TWO, ONE], [unit])),
  ])
})
