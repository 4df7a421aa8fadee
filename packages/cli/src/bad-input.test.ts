import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cairn } from './testing/run-cairn.ts'
import { type TinyJob, tinyJob } from './testing/tiny-job.ts'

/** Every error says where, what was expected, what was found and what to do. */
const FOUR_THINGS = /where .*\n(.*\n)* {2}expected .*\n(.*\n)* {2}found .*\n(.*\n)* {2}to do /

async function refused({ job, at }: TinyJob, ...more: readonly string[]): Promise<string> {
  const ran = await cairn('train', job, '--out', at('out'), '--threads', '1', ...more)
  expect(ran.code).toBe(2)
  expect(ran.err).toMatch(FOUR_THINGS)
  return ran.err
}

const nothingWritten = ({ at }: TinyJob) => expect(existsSync(at('out'))).toBe(false)

describe('bad input ends with code 2, names its place and writes nothing:', () => {
  const cases: readonly [string, TinyJob, RegExp][] = [
    [
      'an unknown key',
      tinyJob({ optimiser: { learningrate: 1 } }),
      /optimiser\.learningrate[\s\S]*Did you mean learningRate/,
    ],
    ['a wrong type', tinyJob({ model: { layers: 'two' } }), /model\.layers[\s\S]*a number[\s\S]*"two"/],
    [
      'heads that do not divide the width',
      tinyJob({ model: { heads: 3 } }),
      /model\.heads[\s\S]*divisor[\s\S]*3[\s\S]*Use 2 or 4/,
    ],
    ['negative rounds', tinyJob({ schedule: { rounds: -1 } }), /schedule\.rounds[\s\S]*at least 1[\s\S]*-1/],
    ['missing data', tinyJob({ data: { source: 'nowhere.txt' } }), /\[MissingFile\][\s\S]*nowhere\.txt/],
    ['a directory as data', tinyJob({ data: { source: '.' } }), /\[NotReadable\][\s\S]*a directory/],
    ['an unknown package', tinyJob({ data: { source: 'package:left-pad' } }), /\[UnknownPackage\][\s\S]*package:mnist/],
    ['empty data', tinyJob({}, ''), /\[EmptyData\][\s\S]*text\.txt/],
    ['data shorter than the context', tinyJob({}, 'too short'), /\[DataTooShort\][\s\S]*at least 17 tokens/],
    ['data that is not UTF-8', tinyJob({}, Uint8Array.of(65, 255, 66)), /\[NotUtf8\][\s\S]*byte offset 1/],
    [
      'a vocabulary that is not the tokeniser’s',
      tinyJob({ model: { vocabulary: 300 } }),
      /\[VocabularyMismatch\][\s\S]*256[\s\S]*300/,
    ],
    [
      'other data than the job names',
      tinyJob({ data: { sha256: '0'.repeat(64) } }),
      /\[WrongData\][\s\S]*data\.sha256/,
    ],
    [
      'less memory than the job asks for',
      tinyJob({ resources: { memoryBytes: 2 ** 50 } }),
      /\[TooLittleMemory\][\s\S]*1024 TiB/,
    ],
    [
      'more memory than the job allows',
      tinyJob({ resources: { memoryBytes: 1000 } }),
      /\[TooLittleMemory\][\s\S]*found +1000 /,
    ],
    ['a tensor that no memory can hold', tinyJob({ schedule: { batch: 2 ** 20 } }), /\[TensorTooLarge\]/],
    ['a step that no memory can hold', tinyJob({ schedule: { batch: 2 ** 16 } }), /\[TooLittleMemory\]/],
  ]
  test.each(cases)('%s', async (_, job, message) => {
    expect(await refused(job)).toMatch(message)
    nothingWritten(job)
  })

  test('a job file that is not YAML', async () => {
    const job = tinyJob()
    writeFileSync(job.job, 'name: [tiny\nseed: 1\n')
    expect(await refused(job)).toMatch(/\[NotYaml\][\s\S]*line 2/)
    nothingWritten(job)
  })

  test('several problems at once, each by itself', async () => {
    const message = await refused(tinyJob({ model: { heads: 3 }, schedule: { rounds: -1 } }))
    expect(message).toMatch(/2 problems/)
    expect(message).toMatch(/model\.heads/)
    expect(message).toMatch(/schedule\.rounds/)
  })
})

describe('weights that do not fit', () => {
  test('another shape is named by file and tensor', async () => {
    const wide = tinyJob({ model: { width: 32 }, schedule: { rounds: 1, innerSteps: 5 } })
    await cairn('train', wide.job, '--out', wide.at('out'), '--threads', '1')
    const job = tinyJob({ initialWeights: wide.at('out/model.safetensors') })
    expect(await refused(job)).toMatch(
      /\[WrongShape\][\s\S]*model\.safetensors: h\.0\.attn\.c_attn\.weight[\s\S]*\[16, 48\][\s\S]*\[32, 96\]/,
    )
    nothingWritten(job)
  })

  test('a damaged file is named', async () => {
    const job = tinyJob({ initialWeights: 'broken.safetensors' })
    writeFileSync(job.at('broken.safetensors'), 'not weights at all')
    expect(await refused(job)).toMatch(/broken\.safetensors/)
  })
})

describe('the output directory', () => {
  test('of another run is left alone', async () => {
    const job = tinyJob({ schedule: { rounds: 1, innerSteps: 5 } })
    await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')
    const before = readdirSync(job.at('out'))
    expect(await refused(job)).toMatch(/\[DirectoryInUse\][\s\S]*--resume/)
    expect(readdirSync(job.at('out'))).toEqual(before)
  })

  test('of another job cannot be resumed', async () => {
    const [one, other] = [tinyJob({ schedule: { rounds: 1, innerSteps: 5 } }), tinyJob({ seed: 6 })]
    await cairn('train', one.job, '--out', other.at('out'), '--threads', '1')
    expect(await refused(other, '--resume')).toMatch(/\[OtherJob\][\s\S]*specHash/)
  })

  test('with other files in it is refused', async () => {
    const job = tinyJob()
    mkdirSync(job.at('out'))
    writeFileSync(job.at('out/thesis.txt'), 'do not lose')
    expect(await refused(job)).toMatch(/\[DirectoryNotEmpty\][\s\S]*thesis\.txt/)
  })

  test('with a damaged record is refused', async () => {
    const job = tinyJob()
    mkdirSync(job.at('out'))
    writeFileSync(job.at('out/run.record'), 'not a record')
    expect(await refused(job, '--resume')).toMatch(/\[CorruptCheckpoint\]/)
  })
})

describe('arguments', () => {
  test.each([
    ['an unknown command', ['trian'], /unknown command 'trian'[\s\S]*--help/],
    ['a missing option', ['train', 'job.yaml'], /--out <dir>.*not specified[\s\S]*--help/],
    ['a value out of range', ['train', 'job.yaml', '--out', 'x', '--threads', '0'], /whole number from 1 to 256/],
    ['a backend that does not exist', ['train', 'job.yaml', '--out', 'x', '--backend', 'gpu'], /wasm, reference/],
  ] as const)('%s ends with code 2 and a hint', async (_, args, message) => {
    const ran = await cairn(...args)
    expect(ran.code).toBe(2)
    expect(ran.err).toMatch(message)
  })

  test('every command has help with examples', async () => {
    const commands = [
      ['init'],
      ['quote'],
      ['train'],
      ['sample'],
      ['verify'],
      ['export'],
      ['tokenizer', 'train'],
      ...['submit', 'jobs', 'status', 'watch', 'download', 'cancel', 'nodes', 'why'].map(name => [name]),
      ...['up', 'node', 'chain'].map(name => [name]),
      ...['create', 'import', 'export', 'show'].map(name => ['key', name]),
      ...['balance', 'stake', 'unstake', 'withdraw', 'faucet', 'doctor'].map(name => [name]),
    ]
    for (const command of commands) {
      const ran = await cairn(...command, '--help')
      expect(ran.code).toBe(0)
      expect(ran.out).toMatch(/Examples:\n {2}\$ cairn /)
    }
  })
})
