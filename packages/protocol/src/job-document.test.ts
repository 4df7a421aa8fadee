import { encodeCanonical, encodeHex, type HashHex, keccak256, sha256 } from '@cairn/primitives'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeJobDocument, documentId, encodeJobDocument, type JobDocument, jobKey, jobKeyOf } from './job-document.ts'
import { parseJobSpec } from './job-spec.ts'

const id = (digit: string) => digit.repeat(64) as HashHex
const submitter = `0x${'ab'.repeat(20)}`

const document: JobDocument = {
  format: 'cairn/document/v1',
  spec: parseJobSpec({
    apiVersion: 'cairn/v1',
    name: 'tiny',
    model: { kind: 'gpt', layers: 2, heads: 2, width: 32, context: 32 },
    data: { kind: 'text', source: 'tiny.txt' },
    optimiser: { learningRate: 0.003 },
    schedule: { replicas: 2, innerSteps: 6, rounds: 2, batch: 4 },
    seed: 7,
  }),
  programRoot: id('1'),
  vocabulary: 256,
  data: { sha256: id('2'), blobSha256: id('3'), tokens: 10_000, tokeniserHash: id('4') },
  initialRoot: id('5'),
  blobs: { program: id('6'), data: id('7'), tokeniser: id('8') },
  cost: {
    operationsPerUnit: '123456789012345678901',
    operationsPerEvaluation: '1000',
    memoryBytes: 1 << 20,
    updateBytes: 1000,
    replicaStateBytes: 3000,
    globalStateBytes: 2000,
  },
  network: { chainId: 31337, escrow: `0x${'cd'.repeat(20)}` },
  submitter,
  salt: id('9'),
}

test('reads back what was written', () => {
  expect(decodeJobDocument(encodeJobDocument(document))).toEqual({ ok: true, document })
})

test('its id and key are these on every machine', () => {
  expect(documentId(sha256, document)).toMatchInlineSnapshot(
    `"3aed995d1967879e8684663213dbe00458784abaff4568809f92dc2da844e9bc"`,
  )
  expect(jobKeyOf(sha256, document)).toMatchInlineSnapshot(
    `"4c1088a8be56ffa5f00573458a6996856d70518ce85208a3259c068a0b09ecd7"`,
  )
})

test('the key is what the contract computes: keccak256 of two words', () => {
  const words = Uint8Array.from([...new Array(12).fill(0), ...new Array(20).fill(0xab), ...new Array(32).fill(0x55)])
  expect(jobKey(submitter, id('5'))).toBe(encodeHex(keccak256(words)))
})

// biome-ignore lint/suspicious/noExplicitAny: a test forges every part of a frozen document
type Draft = any

test.each<[string, string, (draft: Draft) => void]>([
  ['malformed', 'format', d => (d.format = 'cairn/document/v2')],
  ['malformed', '', d => (d.extra = 1)],
  ['malformed', 'spec.schedule.rounds', d => (d.spec.schedule.rounds = 0)],
  ['malformed', 'spec.verification.policy', d => (d.spec.verification.policy = 'trust')],
  ['malformed', 'blobs.program', d => (d.blobs.program = 'x')],
  ['malformed', 'cost.operationsPerUnit', d => (d.cost.operationsPerUnit = '01')],
  ['malformed', 'cost.memoryBytes', d => (d.cost.memoryBytes = -1)],
  ['malformed', 'network.chainId', d => (d.network.chainId = 0)],
  ['malformed', 'submitter', d => (d.submitter = submitter.toUpperCase())],
  ['not-normal', '', d => (d.spec.optimiser.learningRate = '3e-3')],
  ['not-normal', '', d => delete d.spec.outer],
  ['not-normal', '', d => delete d.spec.verification.rate],
])('answers %s at %j', (code, path, change) => {
  const draft = structuredClone(document) as Draft
  change(draft)
  expect(decodeJobDocument(encodeCanonical(draft))).toMatchObject({ ok: false, code, path })
})

test('a document that no message holds is refused on both sides', () => {
  const large = { ...document, extra: 'x'.repeat(2 ** 20) } as JobDocument
  expect(() => encodeJobDocument(large)).toThrow(expect.objectContaining({ code: 'document.size' }))
  expect(decodeJobDocument(encodeCanonical(large))).toMatchObject({ ok: false, code: 'too-large' })
})

test('no flipped bit goes unnoticed, and nothing makes it throw', () => {
  const bytes = encodeJobDocument(document)
  const expected = documentId(sha256, document)
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), bit => {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const decoded = decodeJobDocument(flipped)
      expect(decoded.ok && documentId(sha256, decoded.document) === expected).toBe(false)
    }),
    { numRuns: 500 },
  )
  fc.assert(fc.property(fc.uint8Array(), bytes => !decodeJobDocument(bytes).ok))
})
