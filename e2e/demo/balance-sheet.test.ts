import type { Receipt } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { balanceSheet, findDifferences } from '../../examples/state-of-the-union/balance-sheet.ts'

const [submitter, worker, coordinator, escrow] = ['1', '2', '3', '4'].map(digit => `0x${digit.repeat(40)}`) as [
  string,
  string,
  string,
  string,
]

const prices = { trainPrice: '7', evaluatePrice: '5', custodyPrice: '3', roundPrice: '2', auditPrice: '1' }
const terms = { budget: '100', ...prices }
const nothing = { peer: '', trained: 0, evaluated: 0, kept: 0, coordinated: 0, audited: 0 }
const payments: Receipt['payments'] = [
  { ...nothing, account: worker, trained: 4, evaluated: 1, kept: 2, amount: '39' },
  { ...nothing, account: coordinator.toUpperCase().replace('X', 'x'), coordinated: 1, audited: 2, amount: '4' },
]
const sheet = balanceSheet({ payments }, { terms })

const before = new Map([
  [submitter, 1000n],
  [worker, 50n],
  [coordinator, 0n],
  [escrow, 0n],
])
const after = new Map([
  [submitter, 957n],
  [worker, 89n],
  [coordinator, 4n],
  [escrow, 0n],
])

test('prices every kind of work and splits the budget into what is paid and what comes back', () => {
  expect(sheet).toMatchObject({ budget: 100n, paid: 43n, refund: 57n })
  expect(sheet.rows[0]).toMatchObject({
    trained: { count: 4, amount: 28n },
    evaluated: { count: 1, amount: 5n },
    kept: { count: 2, amount: 6n },
    total: 39n,
  })
})

test('agrees with balances that changed by what the receipt says, whoever else may submit and earn', () => {
  expect(findDifferences(sheet, submitter, { before, after })).toEqual([])
  const [row] = balanceSheet({ payments: payments.slice(0, 1) }, { terms }).rows
  const own = { rows: row ? [row] : [], budget: 100n, paid: 39n, refund: 61n }
  expect(findDifferences(own, worker, { before, after: before })).toEqual([])
})

test.each([
  ['the submitter paid more', submitter, 956n, -43n, -44n],
  ['a worker got less', worker, 88n, 39n, 38n],
  ['the Escrow kept something', escrow, 1n, 0n, 1n],
  ['a stranger got something', `0x${'5'.repeat(40)}`, 1n, 0n, 1n],
])('finds a single unit: %s', (_, account, amount, expected, found) => {
  const differences = findDifferences(sheet, submitter, { before, after: new Map(after).set(account, amount) })
  expect(differences).toEqual([{ what: `change of the balance of ${account}`, expected, found }])
})

test('finds a payment that is not what its work costs', () => {
  const [first, ...rest] = payments as [Receipt['payments'][number], ...Receipt['payments']]
  const forged = balanceSheet({ payments: [{ ...first, amount: '40' }, ...rest] }, { terms })
  const [difference] = findDifferences(forged, submitter, { before, after })
  expect(difference).toEqual({ what: `work of ${worker} at the prices of the job`, expected: 40n, found: 39n })
})
