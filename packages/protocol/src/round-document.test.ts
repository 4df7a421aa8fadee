import { encodeCanonical, type HashHex } from '@cairn/primitives'
import { expect, test } from 'vitest'
import {
  anchoredWorks,
  decodeRoundDocument,
  encodeRoundDocument,
  type RoundDocument,
  roundBytes,
  shownDocument,
} from './round-document.ts'
import { toyChecking } from './testing/toy-work.ts'
import type { JobId } from './units.ts'
import { evaluatedClaim, trainedClaim } from './work-claims.ts'

const id = (digit: string) => digit.repeat(64) as HashHex
const job = id('1') as string as JobId
const account = (digit: string) => `0x${digit.repeat(40)}`
const claimSignature = 'e'.repeat(130)

const document: RoundDocument = {
  format: 'cairn/round/v2',
  job,
  round: 3,
  units: [0, 1].map(replica => ({
    commitment: {
      unit: { job, round: 3, replica, kind: 'train' },
      globalRoot: id('2'),
      replicaRoot: id('3'),
      updateRoot: id('4'),
      newReplicaRoot: id('5'),
      checkpointRoots: [id('6')],
      lossBits: 5,
      stepsRoot: id('c'),
      saltHash: id('d'),
    },
    worker: id('a'),
    signature: id('7').repeat(2),
    account: account(String(replica + 1)),
    claimSignature,
    custody: [{ peer: id('b'), account: account('b'), signature: id('8').repeat(2) }],
  })),
  globalRoot: id('9'),
  outers: [{ account: account('2'), signature: 'f'.repeat(130) }],
  evaluation: {
    unit: { job, round: 3, replica: 0, kind: 'evaluate' },
    globalRoot: id('9'),
    lossBits: 4,
    correct: 1,
    total: 2,
    stepsRoot: id('c'),
    saltHash: id('d'),
    worker: id('a'),
    signature: id('7').repeat(2),
    account: account('1'),
    claimSignature,
  },
}

test('can be put together from what the chain shows, but for what is on no chain', () => {
  const peers = new Map([1, 2].map(digit => [account(String(digit)), id('a')] as const)).set(account('b'), id('b'))
  const { evaluation, ...rest } = document
  for (const whole of [document, rest]) {
    const claims = [
      ...document.units.map(({ commitment }) => trainedClaim(commitment)),
      ...('evaluation' in whole && evaluation ? [evaluatedClaim(evaluation)] : []),
    ]
    const works = anchoredWorks(toyChecking, whole)
    const about = { job, round: 3, replicas: 2, globalRoot: id('9'), works, claims }
    const shown = shownDocument(about, one => peers.get(one) ?? '')
    const unshown = { signature: '0'.repeat(128) }
    expect(shown).toEqual({
      ...whole,
      units: whole.units.map(unit => ({ ...unit, ...unshown, custody: unit.custody.map(c => ({ ...c, ...unshown })) })),
      ...('evaluation' in whole && { evaluation: { ...evaluation, ...unshown, correct: 0, total: 0 } }),
    })
    expect(anchoredWorks(toyChecking, shown)).toEqual(works)
  }
})

test('reads back what was written', () => {
  expect(decodeRoundDocument(encodeRoundDocument(document))).toEqual({ ok: true, document })
  const { evaluation: _, ...without } = document
  expect(decodeRoundDocument(encodeRoundDocument(without))).toEqual({ ok: true, document: without })
})

// biome-ignore lint/suspicious/noExplicitAny: a test forges every part of a frozen document
type Draft = any

test.each<[string, (draft: Draft) => void]>([
  ['units[1]', d => (d.units[1].commitment.unit.replica = 0)],
  ['units[0]', d => d.units.reverse()],
  ['units[0]', d => (d.units[0].commitment.unit.job = id('2'))],
  ['units[1]', d => (d.units[1].commitment.unit.round = 2)],
  ['units[1]', d => (d.units[1].commitment.unit.kind = 'evaluate')],
  ['evaluation', d => (d.evaluation.unit.replica = 1)],
  ['evaluation.globalRoot', d => (d.evaluation.globalRoot = id('2'))],
  ['units[0].signature', d => (d.units[0].signature = 'x')],
  ['globalRoot', d => delete d.globalRoot],
  ['outers[0]', d => (d.outers[0].account = account('3'))],
  ['outers[1]', d => d.outers.push(d.outers[0])],
  ['units[0].claimSignature', d => (d.units[0].claimSignature = `0x${claimSignature}`)],
])('names what is wrong: %s', (path, change) => {
  const draft = structuredClone(document) as Draft
  change(draft)
  expect(decodeRoundDocument(encodeCanonical(draft))).toMatchObject({ ok: false, code: 'malformed', path })
})

test.each([
  [1, 0, 0],
  [3, 1, 1],
  [300, 40, 8],
])(
  'of %i replicas, %i checkpoints and %i custodians is no longer than is said',
  (replicas, checkpoints, custodians) => {
    const [first] = document.units as [RoundDocument['units'][number]]
    const most = 2 ** 32 - 1
    const unit = { job, round: most, replica: most, kind: 'train' } as const
    const checkpointRoots = Array.from({ length: checkpoints }, () => id('6'))
    const commitment = { ...first.commitment, unit, checkpointRoots, lossBits: most }
    const custody = Array.from({ length: custodians }, () => first.custody[0]!)
    const units = Array.from({ length: replicas }, () => ({ ...first, commitment, custody }))
    const outers = units.map(() => ({ account: first.account, signature: 'f'.repeat(130) }))
    const { length } = encodeRoundDocument({ ...document, round: most, units, outers })
    const bound = roundBytes({ replicas, checkpoints, custodians })
    expect(length).toBeLessThanOrEqual(bound)
    expect(length).toBeGreaterThan(0.9 * (bound - 1280))
  },
)

test('holds the works of its anchor: every unit in order, each outer step once, the evaluation last', () => {
  const [one, two] = document.units as [RoundDocument['units'][number], RoundDocument['units'][number]]
  const both = { ...document, units: [one, { ...two, account: one.account }], outers: [] }
  const outers = [{ account: one.account, signature: 'f'.repeat(130) }]
  const works = anchoredWorks(toyChecking, { ...both, outers })
  expect(works.map(({ index, worker }) => [index, worker])).toEqual([0, 1, 2].map(index => [index, one.account]))
  expect(works.map(({ outer }) => outer)).toEqual([`0x${'f'.repeat(130)}`, '0x', '0x'])
  expect(works.map(({ custodians }) => custodians)).toEqual([[account('b')], [account('b')], []])
  // A claim does not name its unit: what is signed does.
  expect(new Set(works.map(({ claim }) => claim)).size).toBe(2)
  expect(works.every(({ signature }) => signature === `0x${claimSignature}`)).toBe(true)
})
