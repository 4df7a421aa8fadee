import { expect, test } from 'vitest'
import type { JobId, Unit, UnitKind } from '../units.ts'
import { type Candidate, simpleScheduler } from './scheduler.ts'

const speedOf = (node: string): number => ({ slow: 1, fast: 2 })[node] ?? 0

function candidate(kind: UnitKind, round: number, replica: number, nodes: string[], keepers: string[] = []): Candidate {
  const unit: Unit = { job: 'job' as JobId, round, replica, kind }
  return { unit, nodes, keepers }
}

const assign = (...candidates: Candidate[]): (string | number)[][] =>
  simpleScheduler(candidates, speedOf).map(({ unit: { kind, round, replica }, node }) => [kind, round, replica, node])

test('a replica goes to the node that worked on it last, then to one that keeps its state, then to the fastest', () => {
  const both = ['slow', 'fast']
  expect(assign(candidate('train', 1, 0, both), candidate('train', 1, 1, both, ['gone', 'slow', 'fast']))).toEqual([
    ['train', 1, 0, 'fast'],
    ['train', 1, 1, 'slow'],
  ])
  expect(assign(candidate('train', 1, 0, both, ['gone', 'slow']), candidate('train', 1, 1, both, ['slow']))).toEqual([
    ['train', 1, 0, 'fast'],
    ['train', 1, 1, 'slow'],
  ])
})

test('a node does the more urgent unit, though it keeps what another one needs', () => {
  const [evaluation, training] = [candidate('evaluate', 0, 0, ['slow']), candidate('train', 2, 0, ['slow'], ['slow'])]
  expect(assign(evaluation, training)).toEqual([['evaluate', 0, 0, 'slow']])
})
