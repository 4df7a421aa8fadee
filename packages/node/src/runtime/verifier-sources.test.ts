import type { HashHex } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { claimsAt, type VerifierParts } from './verifier-sources.ts'

test('a link whose claims the chain did not show is looked up again, and one whose claims it did is not', async () => {
  let reads = 0
  const shown = [undefined, { args: { claims: [] } }]
  const reader = { getContractEvents: async () => [shown[reads++]] }
  const client = { reader, addresses: {} } as unknown as VerifierParts['client']
  const link = { head: 'a'.repeat(64) as HashHex, blockNumber: 1n }
  expect(await claimsAt({ client }, link)).toMatchObject({ ok: false })
  for (let i = 0; i < 3; i++) expect(await claimsAt({ client }, link)).toEqual({ ok: true, value: [] })
  expect(reads).toBe(2)
  await claimsAt({ client }, { ...link })
  expect(reads).toBe(3)
})
