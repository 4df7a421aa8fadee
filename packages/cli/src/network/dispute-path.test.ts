/** Where disputes about all kinds of lies led, in words: the operator, the element, the operation and both values. */
import type { Evidence, Subject } from '@cairn/protocol'
import {
  claimedBy,
  type Lie,
  lyingTraces,
  type TracedJob,
  tinyJob,
  traceJob,
  tracesOf,
} from '@cairn/training/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { playedGame } from '../testing/played-game.ts'
import { type DisputePath, disputePath } from './dispute-path.ts'
import { disputeValues } from './dispute-values.ts'

let job: TracedJob
let honest: ReturnType<typeof tracesOf>
beforeAll(async () => {
  job = await traceJob(tinyJob())
  honest = tracesOf(job)
})
afterAll(() => honest?.close())

/** A bundle as far as a path needs one; its unit began where it should. */
const bundleOf = (subject: Subject, isOuter: boolean): Evidence =>
  ({
    ...{ subject, isOuter, position: 0, replicas: 2, job: job.provable, result: { by: 'proof' } },
    anchor: { ...subject, works: [{ index: subject.graph === 'evaluation' ? 2 : 1 }] },
    claims: [{ globalRoot: subject.globalRoot, replicaRoot: job.provable.freshReplicaRoot }],
    claimsBefore: [],
  }) as unknown as Evidence

type About = readonly [at: keyof TracedJob['subjects'], operator: string, lie: Partial<Lie>]

async function pathOf([at, name, lie]: About): Promise<DisputePath> {
  const subject = job.subjects[at]
  const operator = job.job.program.graphs[subject.graph].nodes.findLastIndex(node => node.operator === name)
  const liar = lyingTraces(honest, { run: 0, operator, ...lie } as Lie)
  const claimed = await claimedBy(liar, subject)
  const steps = await playedGame(claimed, liar, honest)
  return disputePath(bundleOf(claimed, at === 'outer'), steps)
}

const element = { about: 'element', leaf: 0 } as const
const partial = { about: 'partial', element: 0 } as const
const f32 = { bits: expect.stringMatching(/^0x[0-9a-f]{8}$/), decimal: expect.stringMatching(/^-?[\de.+-]+$/) }
const values = { claimed: f32, computed: f32, unitsApart: expect.any(Number) }
const read = {
  reads: expect.arrayContaining([expect.objectContaining({ operator: expect.any(Number), ...f32 })]),
}
const hashes = { claimed: { bytes: expect.stringMatching(/^[0-9a-f]{64}$/) } }

it.each<[About, object]>([
  [
    ['first', 'adamw', element],
    { operation: 'the element, by the code of adamw', ...read, unit: 'replica 1', ...values },
  ],
  [['first', 'quantise', element], { operation: expect.stringMatching(/^a block of 32/), within: 0, ...values }],
  [
    ['outer', 'dequantise', element],
    { operation: expect.stringMatching(/^a number out/), unit: 'outer step', ...values },
  ],
  [['evaluation', 'add', element], { unit: 'evaluation', step: 'batch 1 of the evaluation', ...values }],
  [['first', 'contract', partial], { operation: expect.stringMatching(/product of two blocks/), ...values }],
  [['first', 'sum', partial], { operation: expect.stringMatching(/^[\de.+-]+ \+ [\de.+-]+$/), ...values }],
  [['first', 'maximum', partial], { partial: { number: 0, of: expect.any(Number) }, ...values }],
  [['first', 'scatterAdd', partial], { operation: expect.stringMatching(/belongs to row/), ...values }],
  [['first', 'contract', element], { operation: expect.stringMatching(/last partial result/), ...values }],
  [['first', 'reshape', element], { operation: 'the hash of a tensor that is copied', ...hashes }],
  [['first', 'adamw', { about: 'slot', target: 0, slot: 4 }], { slot: expect.stringMatching(/\w/), ...hashes }],
  [
    ['update', 'adamw', { about: 'slot', target: 2, slot: 0 }],
    { slot: 'unitLoss', step: 'what the unit leaves behind' },
  ],
])('%j', async (about, expected) => {
  const path = await pathOf(about)
  expect(path).toMatchObject(expected)
  expect(path.claimed?.bytes).not.toBe(path.computed?.bytes)
  if (path.slot !== undefined) return
  const { node } = nodeOf(about)
  expect(path.operator).toMatchObject({ name: about[1], dtype: node.dtype, shape: node.shape })
  if (about[1] !== 'reshape') expect(path.element?.coordinates).toEqual(node.shape.map(() => 0))
})

function nodeOf([at, name]: About) {
  const { nodes } = job.job.program.graphs[job.subjects[at].graph]
  return { node: nodes.findLast(node => node.operator === name)! }
}

const word = (bits: number) => Uint8Array.from([0, 8, 16, 24], shift => (bits >>> shift) & 255)

it.each([
  [0x3f80_0000, '1', 0x3f80_0001, '1.0000001', 1],
  [0x3dcc_cccd, '0.1', 0x3dcc_cccc, '0.099999994', 1],
  [0x8000_0000, '-0', 0x0000_0001, '1e-45', 1],
  [0xbf80_0000, '-1', 0x3f80_0000, '1', 2 * 0x3f80_0000],
  [0x7f80_0000, 'Infinity', 0x7f7f_ffff, '3.4028235e+38', 1],
])('%# bits are decimals that no other f32 has', (claimed, one, computed, other, unitsApart) => {
  expect(disputeValues('f32', { claimed: word(claimed), computed: word(computed) })).toMatchObject({
    ...{ claimed: { decimal: one }, computed: { decimal: other }, unitsApart },
  })
})

it('names the number of a block that differs, and says nothing of bytes that are none', () => {
  const block = new Uint8Array(33).fill(1)
  const values = disputeValues('mx8', { claimed: block, computed: block.with(8, 2) })
  expect(values.within).toBeGreaterThan(0)
  expect(values.claimed?.decimal).not.toBe(values.computed?.decimal)
  expect(disputeValues('mx8', { claimed: block.subarray(1), computed: block })).toMatchObject({ within: 0 })
  expect(disputeValues('i32', { computed: word(0xffff_ffff) })).toMatchObject({ computed: { decimal: '-1' } })
})
