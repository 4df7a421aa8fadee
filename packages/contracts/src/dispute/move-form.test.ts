/** Moves that were written for a contract are read back as they were. Whole games: e2e/disputes. */
import { type HashHex, toHashHex } from '@cairn/primitives'
import type { Move, Opening, Proof } from '@cairn/protocol'
import { expect, it } from 'vitest'
import { moveForm, moveOf } from './move-form.ts'

const hash = (digit: string): HashHex => toHashHex(digit.repeat(64))
const opening = (index: number): Opening => ({
  index,
  content: Uint8Array.of(index, 0, 255),
  path: [hash('a'), hash('b')].slice(0, index),
})
const least: Proof = { kind: 'flag', code: new Uint8Array(0), at: 0, operands: [], partials: [] }
const most: Proof = {
  kind: 'element',
  program: opening(2),
  code: Uint8Array.of(1, 2, 3),
  at: 2 ** 32 - 1,
  claimed: opening(0),
  source: { root: hash('c'), path: [] },
  operands: [
    { input: 1, leaf: opening(1) },
    { input: 0, tensor: { root: hash('d'), path: [hash('e')] }, leaf: opening(2) },
  ],
  partials: [opening(1), opening(0)],
}

const MOVES: readonly Move[] = [
  { move: 'runs', roots: [hash('1'), hash('2')] },
  { move: 'reveal', hashes: [hash('3')] },
  { move: 'reveal', hashes: [hash('3'), hash('4')], operatorLeaf: opening(1) },
  { move: 'content', content: Uint8Array.of(0, 1, 2) },
  { move: 'witness', proof: least },
  { move: 'overflow', element: 7, hashes: [hash('5')], operatorLeaf: opening(2) },
  { move: 'pick', child: 0 },
  { move: 'pick', child: 15 },
  { move: 'target', target: 1 },
  { move: 'element', element: 1_023 },
  { move: 'prove', proof: most },
  { move: 'concede' },
]

it.each(MOVES.map(move => [move.move, move] as const))('%s', (_, move) => {
  expect(moveOf(moveForm(move))).toStrictEqual(move)
})

it('passes over bytes that a contract let pass unread', () => {
  const form = moveForm({ move: 'reveal', hashes: [hash('3')] })
  expect(moveOf({ ...form, data: '0xdeadbeef' })).toStrictEqual({ move: 'reveal', hashes: [hash('3')] })
})
