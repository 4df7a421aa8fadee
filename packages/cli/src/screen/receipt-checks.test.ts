/** What `cairn verify` says of who checked a network receipt. */
import type { Receipt } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { attestedWork, showChecks } from './receipt-checks.ts'
import { createScreen } from './screen.ts'

const account = (digit: string) => `0x${digit.repeat(40)}` as const
const [one, two, three] = [account('1'), account('2'), account('3')]

const dispute = {
  ...{ game: 4, round: 0, position: 1, isOuter: false, challenger: one, defender: two },
  outcome: 'refuted',
  transaction: `0x${'a'.repeat(64)}`,
} as const

const audits = [
  { verifier: one, round: 0, index: 0, link: 1 },
  { verifier: two, round: 0, index: 0, link: 1 },
  { verifier: one, round: 1, index: 2, link: 2 },
]

const receipt = (changes: Partial<Receipt>): Receipt =>
  ({
    ...{
      network: {},
      spec: { schedule: { replicas: 2 }, verification: {} },
      rounds: [{ units: [{ account: three }, {}] }, { units: [{}, {}], evaluation: { account: three } }],
      audits,
      disputes: [],
    },
    ...changes,
  }) as unknown as Receipt

function shown(of: Receipt): string {
  const lines: string[] = []
  const stream = { write: (text: string) => lines.push(text) }
  showChecks(createScreen({ stdout: stream, stderr: stream, env: {} }), of)
  return lines.join('')
}

test('a unit that two have attested counts once, and an evaluation is no unit', () => {
  const work = { units: 1, ofUnits: 4, evaluations: 1, ofEvaluations: 1, verifiers: 2, empty: 0 }
  expect(attestedWork(receipt({}))).toEqual(work)
  expect(shown(receipt({}))).toBe(
    'Audited in the network: 1 of 4 units and 1 of 1 evaluation, by 2 verifiers.\nNobody disputed it.\n',
  )
  expect(shown(receipt({ audits: 'not audited' }))).toMatch(/^Nobody audited the work/)
})

test('what its worker attested itself, what is listed twice and what is of nothing counts for nothing, and is told', () => {
  const empty = [
    { verifier: three, round: 0, index: 0, link: 1 },
    { verifier: one, round: 0, index: 0, link: 2 },
    { verifier: one, round: 0, index: 2, link: 1 },
  ]
  expect(attestedWork(receipt({ audits: [...audits, ...empty] }))).toMatchObject({ units: 1, evaluations: 1, empty: 3 })
  expect(shown(receipt({ audits: [...audits, ...empty] })).split('\n')[1]).toBe(
    '3 attestations more, by who did the work, twice or of nothing, paid and not counted.',
  )
})

test('under redundancy it says how many others stand for every unit', () => {
  const spec = { schedule: { replicas: 2 }, verification: { policy: 'redundancy' } } as unknown as Receipt['spec']
  const more = [
    ...audits,
    { verifier: one, round: 1, index: 0, link: 2 },
    { verifier: one, round: 1, index: 1, link: 2 },
  ]
  expect(shown(receipt({ spec, audits: more })).split('\n')[0]).toBe(
    'Confirmed beside their workers: 1 unit by 2 other nodes, 2 units by 1 other node, 1 unit by 0 other nodes.',
  )
})

test('a dispute is named with its parties, its unit and its end', () => {
  const outer = { ...dispute, game: 5, isOuter: true, position: 0, outcome: 'defended' } as const
  const lines = shown(receipt({ disputes: [dispute, outer] })).split('\n')
  expect(lines[1]).toBe('2 disputes about it, rounds and replicas counted from 0:')
  expect(lines[2]).toBe(
    `  4: round 0, replica 1, by ${two}, challenged by ${one}: refuted: the work was wrong, and was done again`,
  )
  expect(lines[3]).toMatch(/^ {2}5: round 0, the outer step, as replica 0's worker signed it, .*: defended/)
})

test('a receipt of one process says nothing of it', () => {
  const { network: _, ...alone } = receipt({})
  expect(shown(alone as Receipt)).toBe('')
})
