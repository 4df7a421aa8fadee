import { encodeCanonical, type HashHex } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { type ClosingDocument, decodeClosingDocument, encodeClosingDocument } from './closing-document.ts'
import type { JobId } from './units.ts'

const id = (digit: string) => digit.repeat(64) as HashHex
const job = id('1') as string as JobId

const unit = (replica: number, round = 3): ClosingDocument['units'][number] => ({
  commitment: {
    unit: { job, round, replica, kind: 'train' },
    ...{ globalRoot: id('2'), replicaRoot: id('3'), updateRoot: id('4'), newReplicaRoot: id('5') },
    ...{ checkpointRoots: [id('6')], lossBits: 5, stepsRoot: id('c'), saltHash: id('d') },
  },
  ...{ worker: id('a'), signature: id('7').repeat(2), account: `0x${'1'.repeat(40)}` },
  ...{ claimSignature: 'e'.repeat(130), custody: [] },
})

const closing = (...units: ClosingDocument['units'][number][]): ClosingDocument => ({
  ...{ format: 'cairn/closing/v1', job, round: 3, outcome: 'cancelled' },
  units,
})

test('reads back what was written, of some replicas or of none', () => {
  for (const document of [closing(), closing(unit(1)), closing(unit(0), unit(2))])
    expect(decodeClosingDocument(encodeClosingDocument(document))).toEqual({ ok: true, document })
})

test.each([
  ['of another round', closing(unit(0), unit(1, 4)), 'units[1]'],
  ['twice', closing(unit(1), unit(1)), 'units[1]'],
  ['out of order', closing(unit(1), unit(0)), 'units[1]'],
])('refuses a unit %s', (_, document, path) => {
  expect(decodeClosingDocument(encodeCanonical(document))).toMatchObject({ ok: false, path })
})

test('refuses other formats', () => {
  const document = { ...closing(), format: 'cairn/round/v2' }
  expect(decodeClosingDocument(encodeCanonical(document))).toMatchObject({ ok: false, path: 'format' })
})
