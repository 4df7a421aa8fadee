import type { ChainClient } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { silentLogger } from '../log/logger.ts'
import { isAnchored } from './is-anchored.ts'
import { anchoringReader } from './testing/anchoring-reader.ts'

const job = 'a'.repeat(64) as JobId
const [mine, other] = ['1'.repeat(64), '2'.repeat(64)] as [HashHex, HashHex]

/** A chain whose RPC says one thing after the other, and the last for ever. */
function saying(...answers: readonly (HashHex | 'nothing' | 'away')[]) {
  let asked = 0
  const reader = {
    async readContract(request: { readonly functionName: string }) {
      const answer = answers[Math.min(asked, answers.length - 1)]
      if (answer === 'away') asked++
      if (answer === 'away') throw new Error('no answer')
      return anchoringReader(() => []).readContract(request)
    },
    async getContractEvents(request: { readonly eventName: string }) {
      if (request.eventName !== 'Anchored') return []
      const answer = answers[Math.min(asked++, answers.length - 1)] as HashHex | 'nothing'
      const anchors = answer === 'nothing' ? [] : [{ round: 3, documentId: answer }]
      return anchoringReader(() => anchors).getContractEvents(request)
    },
  }
  return { client: { reader, addresses: { anchors: '0x' } } as unknown as ChainClient, log: silentLogger }
}

test.each([
  [true, [mine]],
  [false, [other]],
  [true, ['nothing', mine]],
  [true, ['away', 'nothing', mine]],
  [false, ['nothing']],
  [false, ['away']],
] as const)('that a document is anchored is %s where the chain says %s', async (expected, answers) => {
  expect(await isAnchored(saying(...answers), job, 3, mine, 1)).toBe(expected)
})
