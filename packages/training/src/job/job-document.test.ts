import { type HashHex, hashToHex } from '@cairn/primitives'
import { blobIdOf, decodeJobDocument, manifestOf } from '@cairn/protocol'
import { expect, test } from 'vitest'
import { decodeProgram } from '../compile/program-bytes.ts'
import { globalSlots, replicaSlots, rootOfState, zeroState } from '../execute/state.ts'
import { hash, type TinyJob, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { tokeniserFromJson } from '../tokenisers/from-json.ts'
import { datasetFromBlob } from './blob-dataset.ts'
import { submissionOf, wrongCost } from './job-document.ts'

function submit({ program, data }: Pick<TinyJob, 'program' | 'data'>, fromWeights = false) {
  const initial = zeroState(globalSlots(program.model))
  return submissionOf(hash, {
    program,
    data,
    initialRoot: rootOfState(hash, globalSlots(program.model), initial),
    ...(fromWeights && { initial }),
    stepMemoryBytes: 1000,
    network: { chainId: 31337, escrow: `0x${'00'.repeat(20)}` },
    submitter: `0x${'11'.repeat(20)}`,
    salt: '5'.repeat(64) as HashHex,
  })
}

test.each([
  ['text', () => tinyJob(), 4],
  ['digits', () => tinyDigits(), 3],
] as const)('a job of %s can be done from its blobs alone', (_, make, blobs) => {
  const job = make()
  const submission = submit(job)
  const byId = new Map(submission.blobs.map(({ id, parts }) => [id, parts]))
  expect(byId.size).toBe(blobs)
  for (const [id, parts] of byId) expect(blobIdOf(hash, manifestOf(hash, parts))).toBe(id)
  const bytesOf = (id: HashHex) => byId.get(id)?.[0]?.bytes as Uint8Array
  const decoded = decodeJobDocument(bytesOf(submission.documentId))
  if (!decoded.ok) throw new Error(decoded.path)
  const { document } = decoded
  expect(document).toEqual(submission.document)
  const program = decodeProgram(bytesOf(document.blobs.program), document, hash)
  expect(program.programRoot).toBe(job.program.programRoot)
  expect(wrongCost(document, program)).toBeUndefined()
  const { spec, data: facts, vocabulary } = document
  const dataset = datasetFromBlob({ spec, facts, vocabulary }, bytesOf(document.blobs.data), hash)
  expect(dataset.train.positions).toBe(job.data.dataset.train.positions)
  const { tokeniser } = document.blobs
  if (tokeniser === undefined) return
  expect(hashToHex(hash(bytesOf(tokeniser)))).toBe(facts.tokeniserHash)
  const json = JSON.parse(new TextDecoder().decode(bytesOf(tokeniser)))
  expect(tokeniserFromJson(json, 'blob').encode('The cat')).toEqual(job.data.tokeniser?.encode('The cat'))
})

test('what contracts have to know of a job follows from its document and program', () => {
  const { program, data } = tinyJob({ innerState: 'reset' })
  const { document, provable } = submit({ program, data })
  expect(provable).toEqual({
    ...{ programRoot: document.programRoot, programLeaves: program.leaves.length, dataRoot: document.blobs.data },
    ...{ initialRoot: document.initialRoot, freshReplicaRoot: hashToHex(hash()), isReplicaKept: false },
    ...{ seed: 7, innerSteps: 6, checkpoints: 3, evaluationBatches: 2 },
  })
  const kept = submit(tinyJob()).provable
  const slots = replicaSlots(program.model, 'keep')
  expect(kept).toMatchObject({ isReplicaKept: true, freshReplicaRoot: rootOfState(hash, slots, zeroState(slots)) })
})

test('initial weights are a blob of the job', () => {
  const { document, blobs } = submit(tinyDigits(), true)
  expect(document.blobs.initial).toBe(document.initialRoot)
  expect(blobs.at(-1)).toMatchObject({ id: document.initialRoot })
})

test('a document that says another cost than the program has is found out', () => {
  const { program } = tinyDigits()
  const { document } = submit(tinyDigits())
  const cheap = { ...document, cost: { ...document.cost, operationsPerUnit: '1' } }
  expect(wrongCost(cheap, program)).toEqual({
    path: 'cost.operationsPerUnit',
    expected: document.cost.operationsPerUnit,
    found: '1',
  })
})
