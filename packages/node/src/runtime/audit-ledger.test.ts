import { GAME_STATES, type HistoryOnChain, type NodeAtBlock } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { type Account, type Anchor, type HistoryEvent, type JobId, NO_HASH } from '@cairn/protocol'
import { describe, expect, it } from 'vitest'
import { drawAudits } from './audit-draw.ts'
import { type AuditLedger, applyEvents, type DueDraw, EMPTY_LEDGER } from './audit-ledger.ts'

const digest = (digits: string): HashHex => digits.repeat(32) as HashHex
const [A, B, UNAUDITED] = ['0a', '0b', '0c'].map(digits => digest(digits) as string as JobId) as [JobId, JobId, JobId]
const account = (digit: string): Account => `0x${digit.repeat(40)}`
const [worker, other, custodian] = [account('A'), account('B'), account('C')]
const terms = { policy: 1, verifiers: 1, auditRate: 100_000, replicas: 2 }
const rules = { beaconBlocks: 2, termsOf: (job: JobId) => ({ ...terms, policy: job === UNAUDITED ? 0 : 1 }) }

let block = 0n
/** Events of a transaction in a block of its own. */
const transaction = (...events: HistoryEvent[]): HistoryOnChain[] => {
  block++
  return events.map((event, logIndex) => ({ ...event, blockNumber: block, logIndex }))
}

const headOf = (job: JobId, round: number): HashHex => digest(`${round}${job[1]}`)
const anchored = (job: JobId, round: number, workers: readonly Account[]): HistoryEvent => {
  const works = workers.map((of, index) => {
    return { worker: of, index, claim: digest('c1'), signature: '0x', outer: '0x', custodians: [custodian] } as const
  })
  const roots = { previousHead: NO_HASH, previousRoot: NO_HASH, previousClaims: NO_HASH, globalRoot: digest('ee') }
  const about = { ...roots, job, round, coordinator: account('D'), documentId: digest(`d${round}`) }
  const anchor: Anchor = { ...about, works, audits: [] }
  return { event: 'Anchored', args: { job, round, head: headOf(job, round), anchor } }
}
const opened = (game: number, job: JobId, round: number): HistoryEvent => {
  const about = { game, job, round, head: headOf(job, round), position: 0, outer: false, attestation: false, bond: 1n }
  return { event: 'GameOpened', args: { ...about, challenger: other, defender: worker } }
}
const ended = (game: number, outcome: (typeof GAME_STATES)[number]): HistoryEvent => {
  return { event: 'GameEnded', args: { game, outcome: GAME_STATES.indexOf(outcome) } }
}
const rewound = (job: JobId, round: number): HistoryEvent => {
  return { event: 'Rewound', args: { job, round, head: digest('ff'), wrong: digest('ab') } }
}
const final = (job: JobId, round: number): HistoryEvent => {
  return { event: 'Finalised', args: { job, round, head: headOf(job, round) } }
}

const nameOf = ({ link: { job, round }, refuted }: DueDraw): string =>
  `${job[1]}${round}${refuted ? ` refuted ${refuted.units.map(({ index }) => index).join()}` : ''}`
const namesOf = ({ due }: AuditLedger): string[] => due.map(nameOf)

const read = (...transactions: (readonly HistoryOnChain[])[]): AuditLedger =>
  transactions.reduce((ledger, events) => applyEvents(ledger, events, rules), EMPTY_LEDGER)

describe('the ledger of audits', () => {
  const begun = () => [
    transaction(anchored(A, 0, [worker, other]), anchored(UNAUDITED, 0, [worker, other])),
    transaction(anchored(B, 0, [other, worker])),
    transaction(anchored(A, 1, [worker, other])),
  ]

  it('has a draw for every link of a job with audits, some blocks later, until the link is final', () => {
    const ledger = read(...begun())
    expect(namesOf(ledger)).toEqual(['a0', 'b0', 'a1'])
    for (const { link, drawnAt } of ledger.due) expect(drawnAt).toBe(link.blockNumber + 2n)
    expect(ledger.due[2]?.link).toMatchObject({
      before: { head: headOf(A, 0), blockNumber: ledger.due[0]?.link.blockNumber },
    })
    expect(namesOf(read(...begun(), transaction(final(A, 0))))).toEqual(['b0', 'a1'])
    expect(namesOf(read(...begun(), transaction(rewound(A, 0))))).toEqual(['a0', 'b0', 'a1'])
  })

  it('has every unit drawn that a refuted worker is left with, in all jobs, and none of a defended one', () => {
    const before = begun()
    const ledger = read(...before, transaction(opened(0, A, 1), ended(0, 'refuted'), rewound(A, 1)))
    expect(namesOf(ledger)).toEqual(['a0', 'b0', 'a1', 'a0 refuted 0', 'b0 refuted 1'])
    expect(ledger.due.at(-1)).toMatchObject({ drawnAt: block + 2n, refuted: { head: headOf(A, 1) } })
    expect(ledger.links.map(({ head }) => head)).not.toContain(headOf(A, 1))
    expect(namesOf(read(...begun(), transaction(opened(1, A, 1), ended(1, 'defended'))))).toHaveLength(3)
  })

  it('comes to the same whatever is read at once', () => {
    const all = [...begun(), transaction(opened(0, A, 1)), transaction(ended(0, 'refuted'), rewound(A, 1))]
    expect(applyEvents(EMPTY_LEDGER, all.flat(), rules)).toEqual(read(...all))
  })

  it('draws verifiers of other owners than the worker and its custodians, whatever the letters of their accounts', () => {
    const [due] = read(...begun()).due
    const nodes = ['1', '2', '3', 'C', 'A'].map((digit, i) => ({
      account: account(digit),
      owner: account(i === 1 ? 'c' : digit),
      stake: 10n,
      verifies: i !== 2,
    })) as NodeAtBlock[]
    const basis = { chainId: 1, blockHash: digest('bb'), anchoredAtSeconds: 1, minimumStake: 10n, checkpoints: 3 }
    const draw = drawAudits(due as DueDraw, { ...basis, nodes, terms })
    expect(draw.orders).toMatchObject([
      { index: 0, verifiers: [account('1')], substitutes: [] },
      { index: 1, verifiers: [expect.stringMatching(/^0x(1+|a+)$/)], substitutes: [expect.anything()] },
    ])
    const poor = drawAudits(due as DueDraw, { ...basis, minimumStake: 11n, nodes, terms })
    expect(poor.orders).toMatchObject([0, 1].map(() => ({ verifiers: [], shortage: expect.stringMatching(/has 0/) })))
  })
})
