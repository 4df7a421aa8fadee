import { DEFAULT_SETTINGS, emptyCoordinator, type NodeInfo } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { answerQuestion, type Questioned } from './questions.ts'
import type { NodeSummary } from './summaries.ts'

const NOW_MS = 1_000_000

const node = (peer: string, silentMs: number, leaving = false): NodeInfo => ({
  ...{ peer, account: '0x1', owner: '0x1', role: 'worker', addresses: [], price: 1n, memoryBytes: 1, leaving },
  ...{ operationsPerSecond: 1, seenMs: NOW_MS - silentMs, freeStake: 0n },
})

test('a node is live as long as the coordinator would give it a lease, and not when it leaves', () => {
  const { lostAfterMs } = DEFAULT_SETTINGS
  const nodes = [node('a', lostAfterMs), node('b', lostAfterMs + 1), node('c', 0, true)]
  const state = {
    ...emptyCoordinator({ account: '0x2', ...DEFAULT_SETTINGS }),
    nodes: new Map(nodes.map(each => [each.peer, each])),
  }
  const asked = { host: { state: () => state } } as unknown as Questioned
  const answer = answerQuestion(asked, { ask: 'nodes' }, NOW_MS) as NodeSummary[]
  expect(answer.map(({ peer, isLive }) => [peer, isLive])).toEqual([
    ['a', true],
    ['b', false],
    ['c', false],
  ])
})
