import { toHashHex } from '@cairn/primitives'
import { type Account, type EarningsLeaf, type JobId, NO_HASH, noCounts } from '@cairn/protocol'
import { expect, it } from 'vitest'
import { earningsTree, provesLeaf } from './index.ts'

const job = toHashHex('a'.repeat(64)) as string as JobId
const leaf = (digit: string, trained: bigint): EarningsLeaf => ({
  job,
  account: `0x${digit.repeat(40)}` as Account,
  counts: { ...noCounts, trained, kept: 1n },
})
const leaves = [leaf('1', 5n), leaf('2', 0n), leaf('3', 7n)]

it('proves its leaves, and nothing else', () => {
  const { root, proofOf, totals } = earningsTree(leaves)
  expect(totals).toEqual({ trained: 12n, evaluated: 0n, kept: 3n, coordinated: 0n, audited: 0n })
  for (const one of leaves) {
    const proof = proofOf(one.account)
    expect(provesLeaf(root, one, proof)).toBe(true)
    expect(provesLeaf(root, { ...one, counts: { ...one.counts, trained: 8n } }, proof)).toBe(false)
    expect(provesLeaf(root, { ...one, account: leaf('4', 0n).account }, proof)).toBe(false)
    expect(provesLeaf(root, { ...one, job: toHashHex('b'.repeat(64)) as string as JobId }, proof)).toBe(false)
    expect(provesLeaf(NO_HASH, one, proof)).toBe(false)
  }
})

it('has one root whatever the order of leaves', () => {
  expect(earningsTree([...leaves].reverse()).root).toBe(earningsTree(leaves).root)
})

it('has the zero root when nobody earned anything', () => {
  expect(earningsTree([])).toMatchObject({ root: NO_HASH, totals: noCounts, leaves: [] })
})

it('refuses two leaves of one account, however it is written, and an account without one', () => {
  const capital = { ...leaf('a', 1n), account: `0x${'A'.repeat(40)}` as Account }
  expect(() => earningsTree([leaf('a', 1n), capital])).toThrow(expect.objectContaining({ code: 'RepeatedAccount' }))
  expect(() => earningsTree(leaves).proofOf(leaf('9', 0n).account)).toThrow(expect.objectContaining({ code: 'NoLeaf' }))
})
