import { expect, test } from 'vitest'
import { evaluationBatches, trainingBatch } from '../execute/dataset.ts'
import { hash, type TinyJob, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { datasetFromBlob } from './blob-dataset.ts'

const fromBlob = ({ spec, data: { facts, vocabulary } }: TinyJob, blob: Uint8Array) =>
  datasetFromBlob({ spec, facts, vocabulary }, blob, hash)

test.each([
  ['text', () => tinyJob()],
  ['digits', () => tinyDigits()],
] as const)('the blob of %s gives the same batches as the original', (_, make) => {
  const job = make()
  const dataset = fromBlob(job, job.data.blob.slice())
  expect(evaluationBatches(job.spec, dataset)).toEqual(evaluationBatches(job.spec, job.data.dataset))
  for (const step of [0, 1, 11])
    expect(trainingBatch(job.spec, dataset, 1, step)).toEqual(trainingBatch(job.spec, job.data.dataset, 1, step))
})

test('a blob with one flipped bit is refused, and one that the facts count wrongly', () => {
  for (const job of [tinyJob(), tinyDigits()]) {
    const flipped = job.data.blob.slice()
    flipped[100]! ^= 1
    expect(() => fromBlob(job, flipped)).toThrow(expect.objectContaining({ code: 'WrongHash', path: 'data' }))
    const facts = { ...job.data.facts, tokens: job.data.facts.tokens + 1 }
    const counted = { ...job, data: { ...job.data, facts } }
    expect(() => fromBlob(counted, job.data.blob)).toThrow(expect.objectContaining({ code: 'WrongCount' }))
  }
})
