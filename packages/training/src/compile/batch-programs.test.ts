/** SPEC: docs/spec/program.md "Batches". The programs that a contract judges a batch by, beside the readers of nodes. */
import { floatOfBits } from '@cairn/engine'
import { evaluateInstructions, stridesOf } from '@cairn/engine/arithmetic'
import { philox4x32 } from '@cairn/primitives'
import { expect, test } from 'vitest'
import { type Batch, type Dataset, evaluationBatches, trainingBatch } from '../execute/dataset.ts'
import { tokenDataset } from '../job/blob-dataset.ts'
import { syntheticDigits, tinyDigits, tinyJob } from '../testing/tiny-job.ts'
import { type BatchProgram, type DataFacts, evaluationPrograms, trainingPrograms } from './batch-programs.ts'
import type { CompiledJob } from './graph-sources.ts'

interface Case {
  readonly job: Pick<CompiledJob, 'spec' | 'model' | 'facts'>
  readonly dataset: Dataset
  readonly blob: Uint8Array
}

const caseOf = ({ program, data }: ReturnType<typeof tinyJob>): Case => ({
  job: program,
  dataset: data.dataset,
  blob: data.blob,
})

/** Tokens of a vocabulary that takes four bytes each. */
function wideTokens(): Case {
  const { spec, model } = tinyJob().program
  const tokens = Uint32Array.from({ length: 3001 }, (_, i) => philox4x32([i, 0, 0, 0], [1, 2])[0] % 70_000)
  const facts: DataFacts = { vocabulary: 70_000, tokens: tokens.length }
  if (spec.data.kind === 'digits' || model.kind !== 'language') throw new Error('no text')
  const dataset = tokenDataset(tokens, spec.data.validationFraction, model.context, 'tokens')
  return { job: { spec, model, facts }, dataset, blob: new Uint8Array(tokens.buffer) }
}

/** The same text in windows whose length no shift divides by. */
function inWindowsOf(context: number): Case {
  const { program, data } = tinyJob()
  const { spec, model, facts } = program
  if (spec.data.kind === 'digits' || model.kind !== 'language') throw new Error('no text')
  const tokens = new Uint16Array(data.blob.slice().buffer)
  const dataset = tokenDataset(tokens, spec.data.validationFraction, context, 'tokens')
  return { job: { spec, model: { ...model, context }, facts }, dataset, blob: data.blob }
}

const cases: Record<string, () => Case> = {
  'tokens of two bytes': () => caseOf(tinyJob()),
  'tokens of four bytes': wideTokens,
  'micro-batches': () => caseOf(tinyJob({ microBatches: 2 })),
  'an odd context': () => inWindowsOf(33),
  digits: () => ({ ...caseOf(tinyDigits()), blob: syntheticDigits(100) }),
}

const sizes = { u8: 1, u16: 2, u32: 4, i32: 4, f32: 4 }

/** Computes all elements of an input of a batch, as the words of its bytes. */
function elementsOf({ program, operands }: BatchProgram, blob: Uint8Array, shape: number[], position: number[]) {
  const read = (operand: number, index: number): number | undefined => {
    const { from, dtype, elements, values } = operands[operand]!
    if (index < 0 || index >= elements) return undefined
    if (from === 'position') return position[index]
    const bytes = from === 'data' ? blob : values!
    const at = index * sizes[dtype]
    const word = Array.from({ length: sizes[dtype] }, (_, i) => bytes[at + i]! * 256 ** i).reduce((a, b) => a + b)
    return dtype === 'f32' ? floatOfBits(word) : word | 0
  }
  const count = shape.reduce((a, b) => a * b)
  const strides = stridesOf(shape)
  return Array.from({ length: count }, (_, e) => {
    const coordinates = shape.map((size, axis) => Math.floor(e / strides[axis]!) % size)
    const { values, outOfRange } = evaluateInstructions(program, { get: read }, coordinates)
    expect(outOfRange).toBe(false)
    return values[program.result]!
  })
}

function expectBatch(programs: Record<string, BatchProgram>, { job, blob }: Case, position: number[], batch: Batch) {
  const { model, spec } = job
  const parts = Object.keys(programs).length / 2
  const rows = spec.schedule.batch / parts
  const width = model.kind === 'language' ? model.context : model.inputs
  const floats = model.kind === 'classifier'
  for (let part = 0; part < parts; part++) {
    const suffix = parts > 1 ? `/${part}` : ''
    const x = elementsOf(programs[`x${suffix}`]!, blob, [rows, width], position)
    const targetShape = model.kind === 'language' ? [rows * width] : [rows]
    const targets = elementsOf(programs[`targets${suffix}`]!, blob, targetShape, position)
    const all = (bytes: Uint8Array, isFloat: boolean) =>
      Array.from(isFloat ? new Float32Array(bytes.slice().buffer) : new Int32Array(bytes.slice().buffer))
    expect(x).toEqual(all(batch.x, floats).slice(part * x.length, (part + 1) * x.length))
    expect(targets).toEqual(all(batch.targets, false).slice(part * targets.length, (part + 1) * targets.length))
  }
}

test.each(Object.keys(cases))('%s: a contract finds the batches that nodes train on', name => {
  const one = cases[name]!()
  const { spec, model, facts } = one.job
  const programs = trainingPrograms(spec, model, facts)
  expect(Object.keys(programs)).toHaveLength(2 * spec.schedule.microBatches)
  for (const [replica, step] of [
    [0, 0],
    [1, 0],
    [0, 11],
  ] as const)
    expectBatch(programs, one, [spec.seed, replica, step], trainingBatch(spec, one.dataset, replica, step))
})

test.each(Object.keys(cases))('%s: a contract finds the batches that nodes evaluate on', name => {
  const one = cases[name]!()
  const { spec, model, facts } = one.job
  const programs = evaluationPrograms(spec, model, facts)
  const batches = evaluationBatches(spec, one.dataset)
  expect(batches.length).toBeGreaterThan(1)
  for (const [number, batch] of batches.entries()) expectBatch(programs, one, [spec.seed, 0, number], batch)
})

test.each([1, 2, 3, 7, 31, 32, 33, 641, 65_537, 2 ** 20 + 1])('finds the row of an element in rows of %i', context => {
  const { spec, model } = tinyJob().program
  if (model.kind !== 'language') throw new Error('no text')
  const { targets } = evaluationPrograms(spec, { ...model, context }, { vocabulary: 256, tokens: 40 * context + 1000 })
  const largest = Math.floor((2 ** 31 - 1) / context)
  for (const row of [0, 1, 2, 3, 1000, largest - 1, largest]) {
    for (const element of [row * context, row * context + context - 1].filter(e => e < 2 ** 31)) {
      const asked: number[] = []
      const get = (operand: number, index: number) => {
        if (operand === 2) asked.push(index)
        return 0
      }
      evaluateInstructions(targets!.program, { get }, [element])
      expect(asked).toEqual([row])
    }
  }
})
