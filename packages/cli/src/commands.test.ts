import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSafetensors, tokeniserFromJson } from '@cairn/training'
import { beforeAll, describe, expect, test } from 'vitest'
import { readJob } from './files/job-file.ts'
import { cairn } from './testing/run-cairn.ts'
import { type TinyJob, tinyJob } from './testing/tiny-job.ts'

const fresh = (): string => mkdtempSync(join(tmpdir(), 'cairn-test-'))

describe('init', () => {
  test.each(['gpt-text', 'llama-text', 'mlp-digits'])('writes the template %s, a job that is valid', async template => {
    const directory = join(fresh(), 'new')
    const ran = await cairn('init', directory, '--template', template)
    expect(ran.code).toBe(0)
    expect((await readJob(join(directory, 'job.yaml'))).spec.model.kind).toBe(template.split('-')[0])
  })

  test('leaves a job file that is there alone', async () => {
    const directory = fresh()
    writeFileSync(join(directory, 'job.yaml'), 'mine')
    const ran = await cairn('init', directory)
    expect(ran.code).toBe(2)
    expect(ran.err).toMatch(/\[FileExists\]/)
    expect(readFileSync(join(directory, 'job.yaml'), 'utf8')).toBe('mine')
  })
})

test.each(['state-of-the-union', 'digits', 'llama'])('the example %s is a valid job', async name => {
  const { pathname } = new URL(`../../../examples/${name}/job.yaml`, import.meta.url)
  expect((await readJob(pathname)).spec.apiVersion).toBe('cairn/v1')
})

describe('with a trained model', () => {
  let job: TinyJob

  beforeAll(async () => {
    job = tinyJob({ schedule: { rounds: 1 } })
    expect((await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')).code).toBe(0)
  })

  test('quote counts operations, memory, disk and time', async () => {
    const ran = await cairn('quote', job.job, '--threads', '1', '--json')
    expect(ran.code).toBe(0)
    expect(ran.events[0]).toMatchObject({ parameters: 7664, units: 2, tokens: '640', threads: 1 })
    for (const key of ['memoryBytes', 'stepMs', 'estimatedSeconds']) expect(ran.events[0]?.[key]).toBeGreaterThan(0)
    expect((await cairn('quote', job.job, '--threads', '1')).out).toMatch(/7,664 parameters[\s\S]*time here +about /)
  })

  test('sample writes the same text for the same seed, from a directory and from files', async () => {
    const options = ['--prompt', 'Line ', '--tokens', '40', '--seed', '3']
    const once = await cairn('sample', job.at('out'), ...options)
    expect(once.out.startsWith('Line ')).toBe(true)
    expect(once.out.length).toBeGreaterThan(20)
    const files = ['--weights', job.at('out/model.safetensors'), '--job', job.job]
    expect((await cairn('sample', ...files, ...options)).out).toBe(once.out)
    expect((await cairn('sample', job.at('out'), ...options, '--seed', '4')).out).not.toBe(once.out)
  })

  test('sample needs to know which model', async () => {
    expect((await cairn('sample')).err).toMatch(/\[WhichModel\]/)
    expect((await cairn('sample', fresh())).err).toMatch(/\[MissingFile\]/)
  })

  test('export copies the weights and describes the model; never overwrites', async () => {
    const to = join(fresh(), 'model.safetensors')
    expect((await cairn('export', job.at('out'), '--to', to)).code).toBe(0)
    expect(readFileSync(to)).toEqual(readFileSync(job.at('out/model.safetensors')))
    const config = JSON.parse(readFileSync(join(to, '../config.json'), 'utf8'))
    expect(config).toMatchObject({
      model_type: 'gpt2',
      n_layer: 1,
      n_head: 2,
      n_embd: 16,
      n_positions: 16,
      vocab_size: 256,
    })
    const shapes = new Map(readSafetensors(readFileSync(to)).tensors.map(({ name, shape }) => [name, shape]))
    expect(shapes.get('wte.weight')).toEqual([config.vocab_size, config.n_embd])
    expect((await cairn('export', job.at('out'), '--to', to)).err).toMatch(/\[FileExists\]/)
  })

  test('the loss plot shows training and validation', () => {
    const svg = readFileSync(job.at('out/loss.svg'), 'utf8')
    expect(svg).toMatch(/^<svg [\s\S]*<title>tiny<\/title>[\s\S]*loss, nats per byte[\s\S]*<\/svg>\n$/)
    expect(svg.match(/<circle/g)).toHaveLength(1)
  })
})

test('tokenizer train writes a tokenizer.json that a job can use, and its receipt verifies', async () => {
  const job = tinyJob({ data: { tokeniser: { file: 'tokenizer.json' } }, schedule: { rounds: 1 } })
  const path = job.at('tokenizer.json')
  const learnt = await cairn('tokenizer', 'train', job.at('text.txt'), '--vocabulary', '300', '--out', path)
  expect(learnt.code).toBe(0)
  expect(tokeniserFromJson(JSON.parse(readFileSync(path, 'utf8'))).vocabularySize).toBe(300)
  expect((await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')).code).toBe(0)
  expect(existsSync(job.at('out/tokenizer.json'))).toBe(true)
  expect((await cairn('verify', job.at('out/receipt.json'), '--threads', '1')).out).toMatch(/AGREES/)
  expect((await cairn('sample', job.at('out'), '--tokens', '5')).code).toBe(0)
})

test('a job on characters keeps its tokeniser, and goes from weights to samples', async () => {
  const job = tinyJob({ data: { tokeniser: 'characters' }, schedule: { rounds: 1 } })
  expect((await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')).code).toBe(0)
  const ran = await cairn('sample', job.at('out'), '--tokens', '5', '--prompt', 'Line')
  expect(ran.out).toMatch(/^Line.{5}\n$/s)
  expect((await cairn('sample', job.at('out'), '--prompt', 'ß')).err).toMatch(/\[UnknownCharacter\]/)
})

test('a llama trains, verifies and is described as one', async () => {
  const model = { kind: 'llama', kvHeads: 1, hiddenWidth: 32, tiedHead: true }
  const job = tinyJob({ model, schedule: { rounds: 1, innerSteps: 5 }, outer: { innerState: 'reset' } })
  expect((await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')).code).toBe(0)
  expect((await cairn('verify', job.at('out/receipt.json'), '--units', '1', '--threads', '1')).out).toMatch(/AGREES/)
  const to = join(fresh(), 'model.safetensors')
  await cairn('export', job.at('out'), '--to', to)
  expect(JSON.parse(readFileSync(join(to, '../config.json'), 'utf8'))).toMatchObject({
    model_type: 'llama',
    num_key_value_heads: 1,
    intermediate_size: 32,
    tie_word_embeddings: true,
  })
})

test('doctor finds this machine fit', async () => {
  const ran = await cairn('doctor', '--json')
  expect(ran.code).toBe(0)
  const { isHealthy, findings } = ran.events[0] as { isHealthy: boolean; findings: { name: string; found: string }[] }
  expect(isHealthy).toBe(true)
  expect(findings.map(({ name }) => name)).toContain('arithmetic')
})
