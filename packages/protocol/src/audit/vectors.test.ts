import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { encodeCanonical, hashFromHex } from '@cairn/primitives'
import { describe, expect, it } from 'vitest'
import { auditVectors } from './testing/node-audit-vectors.ts'

const committed = readFileSync(new URL('../../../../vectors/network/audits.json', import.meta.url), 'utf8')
const { cases } = JSON.parse(committed) as { cases: Record<string, never>[] }
const casesOf = (of: string) => cases.filter(one => one.of === of)

describe('vectors/network/audits.json', () => {
  it('is what this code makes', () => {
    expect(committed).toBe(auditVectors())
  })

  it('has cases of every rule', () => {
    expect(new Set(cases.map(one => one.of)).size).toBe(16)
    for (const { orders } of casesOf('selection')) expect((orders as unknown[]).length).toBeGreaterThan(0)
  })

  it('agrees with the specification, computed by hand for one beacon and one draw', () => {
    const [made] = casesOf('beacon')
    const { chainId, job, round, head, blockHash, beacon } = made!
    const [jobBytes, headBytes, blockBytes] = [job, head, blockHash].map(hashFromHex)
    const parts = ['cairn/beacon/v1', chainId, jobBytes, round, headBytes, blockBytes]
    expect(createHash('sha256').update(encodeCanonical(parts)).digest('hex')).toBe(beacon)
    for (const { beacon: from, label, bound, value } of casesOf('draw')) {
      const preimage = encodeCanonical(['cairn/draw/v1', hashFromHex(from), ...(label as unknown[])])
      const word = BigInt(`0x${createHash('sha256').update(preimage).digest('hex')}`)
      expect(`${(word * BigInt(bound)) / 2n ** 256n}`).toBe(value)
    }
  })
})
