import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { sha256 } from '@cairn/node/files'
import { encodeReceipt, jobId, type Receipt, sealReceipt } from '@cairn/protocol'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { cairn, type Ran } from './testing/run-cairn.ts'
import { type TinyJob, tinyJob } from './testing/tiny-job.ts'

let job: TinyJob
const [RECEIPT, WEIGHTS] = ['receipt.json', 'model.safetensors']

beforeAll(async () => {
  job = tinyJob()
  const ran = await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')
  expect(ran.code).toBe(0)
})

const verify = (...more: readonly string[]): Promise<Ran> =>
  cairn('verify', job.at(`out/${RECEIPT}`), '--threads', '1', ...more)

describe('an honest receipt', () => {
  test('agrees as a whole, after an estimate of the time', async () => {
    const ran = await verify()
    expect(ran.code).toBe(0)
    expect(ran.err).toMatch(/whole job again, 4 units: about .*s on this machine/)
    expect(ran.out).toMatch(/AGREES: all 4 units/)
  })

  test('agrees in one unit, and says what that cannot catch', async () => {
    const ran = await verify('--units', '1')
    expect(ran.code).toBe(0)
    expect(ran.err).toMatch(/1 of 4 units/)
    expect(ran.err).toMatch(/one of the 4 were wrong, this check would miss it with a chance of 75 %/)
    expect(ran.err).toMatch(/cannot catch wrong initial weights, outer steps, evaluations/)
    expect(ran.out).toMatch(/AGREES: 1 of 4 units.*not the whole job/)
  })

  test('agrees as one JSON object a line, with two threads and on the other backend', async () => {
    const ran = await cairn('verify', job.at(`out/${RECEIPT}`), '--threads', '2', '--units', '9', '--json')
    expect(ran.events.at(-1)).toMatchObject({
      event: 'agrees',
      units: 4,
      ofUnits: 4,
      chanceToMissOneUnit: 0,
      isWhole: false,
    })
    const slow = await verify('--backend', 'reference', '--json')
    expect(slow.events.at(-1)).toMatchObject({ event: 'agrees', units: 4, isWhole: true })
  })

  test('without the states of the run cannot be checked in part', async () => {
    const last = tinyJob()
    await cairn('train', last.job, '--out', last.at('out'), '--threads', '1', '--keep', 'last')
    const ran = await cairn('verify', last.at(`out/${RECEIPT}`), '--units', '4')
    expect(ran.code).toBe(2)
    expect(ran.err).toMatch(/\[MissingState\][\s\S]*Leave --units out/)
  })
})

describe('a second person with receipt, weights and data', () => {
  const received = (name: string) => job.at(`received/${name}`)
  const verifyReceived = (...more: readonly string[]) => cairn('verify', received(RECEIPT), '--threads', '1', ...more)

  beforeEach(() => {
    mkdirSync(job.at('received'), { recursive: true })
    for (const name of [RECEIPT, WEIGHTS]) copyFileSync(job.at(`out/${name}`), received(name))
    rmSync(received('text.txt'), { force: true })
  })

  test('agrees, wherever the data is', async () => {
    copyFileSync(job.at('text.txt'), job.at('elsewhere.txt'))
    expect((await verifyReceived('--data', job.at('elsewhere.txt'))).code).toBe(0)
    expect((await verifyReceived('--job-dir', job.directory)).code).toBe(0)
    copyFileSync(job.at('text.txt'), received('text.txt'))
    expect((await verifyReceived()).code).toBe(0)
  })

  test('is told when the data is missing', async () => {
    const ran = await verifyReceived()
    expect(ran.code).toBe(2)
    expect(ran.err).toMatch(/\[MissingFile\][\s\S]*text\.txt[\s\S]*--data/)
  })

  test('is told when the data is not that of the receipt', async () => {
    const bytes = readFileSync(job.at('text.txt'))
    bytes[1000]! ^= 1
    writeFileSync(job.at('changed.txt'), bytes)
    const ran = await verifyReceived('--data', job.at('changed.txt'))
    expect(ran.code).toBe(1)
    expect(ran.out).toMatch(/DISAGREES[\s\S]*data\.sha256/)
  })

  test('is told when the weights are missing', async () => {
    rmSync(received(WEIGHTS))
    const ran = await verifyReceived('--data', job.at('text.txt'))
    expect(ran.code).toBe(2)
    expect(ran.err).toMatch(/\[MissingFile\][\s\S]*--weights/)
  })
})

describe('one flipped bit', () => {
  /** Flips a bit of a file of the run, verifies, and puts it back. */
  async function flipped(name: string, at: (size: number) => number, bit: number): Promise<Ran> {
    const path = job.at(`out/${name}`)
    const sound = readFileSync(path)
    const changed = Buffer.from(sound)
    changed[at(sound.length)]! ^= 1 << bit
    writeFileSync(path, changed)
    try {
      return await verify()
    } finally {
      writeFileSync(path, sound)
    }
  }

  test.each([
    ['the last tensor', (size: number) => size - 1, 6, /tensor wte\.weight/],
    ['another tensor', (size: number) => Math.floor(size * 0.3), 0, /tensor h\.0\./],
    ['the header', () => 40, 0, /header/],
    ['the length of the header', () => 0, 3, /header/],
    ['the highest byte of that length', () => 7, 7, /header/],
  ] as const)('in %s of the weights is a disagreement that names it', async (_, at, bit, message) => {
    const ran = await flipped(WEIGHTS, at, bit)
    expect(ran.code).toBe(1)
    expect(ran.out).toMatch(/DISAGREES[\s\S]*where[\s\S]*expected[\s\S]*found/)
    expect(ran.out).toMatch(message)
  })

  test('in the receipt is refused, wherever it is', async () => {
    for (let n = 0; n < 40; n++) {
      const ran = await flipped(RECEIPT, size => Math.floor((size * n) / 40) + (n % 7), n % 8)
      expect(ran.code).toBe(2)
      expect(ran.err).toMatch(/\[receipt\.\w+\][\s\S]*where {5}\S/)
    }
  })

  test('cut-off weights are a disagreement', async () => {
    const path = job.at(`out/${WEIGHTS}`)
    const sound = readFileSync(path)
    for (const size of [sound.length - 1, 100, 5, 0]) {
      writeFileSync(path, sound.subarray(0, size))
      expect((await verify()).code).toBe(1)
    }
    writeFileSync(path, sound)
  })
})

describe('a receipt that was forged and sealed again', () => {
  /** Changes a receipt, seals it, and verifies it. */
  async function forged(
    change: (receipt: Receipt) => Omit<Receipt, 'digest'>,
    ...more: readonly string[]
  ): Promise<Ran> {
    const path = job.at(`out/${RECEIPT}`)
    const sound = readFileSync(path)
    const { digest: _, ...body } = change(JSON.parse(sound.toString())) as Receipt
    writeFileSync(path, encodeReceipt(sealReceipt(sha256, body)))
    try {
      return await verify(...more)
    } finally {
      writeFileSync(path, sound)
    }
  }

  const withLoss = (receipt: Receipt): Receipt => {
    const copy = structuredClone(receipt) as { rounds: { units: { lossBits: number }[] }[] } & Receipt
    ;(copy.rounds[1]?.units[1] as { lossBits: number }).lossBits ^= 1
    return copy
  }

  test('is caught by doing the whole job again', async () => {
    const ran = await forged(withLoss)
    expect(ran.code).toBe(1)
    expect(ran.out).toMatch(/DISAGREES[\s\S]*rounds\[1\]\.units\[1\]\.lossBits/)
  })

  test('is caught in part if the unit is drawn', async () => {
    expect((await forged(withLoss, '--units', '4')).out).toMatch(/rounds\[1\]\.units\[1\]\.lossBits/)
  })

  test('with another program is caught before any work', async () => {
    const ran = await forged(receipt => {
      const programRoot = receipt.initialRoot
      const job = jobId(sha256, receipt.specHash, programRoot)
      const rounds = receipt.rounds.map(round => ({
        ...round,
        units: round.units.map(unit => ({ ...unit, unit: { ...unit.unit, job } })),
      }))
      return { ...receipt, programRoot, rounds }
    })
    expect(ran.code).toBe(1)
    expect(ran.out).toMatch(/DISAGREES[\s\S]*programRoot/)
    expect(ran.err).toBe('')
  })
})

test('a run that keeps the states of two units is checked in these, and says so', async () => {
  const two = tinyJob({ schedule: { rounds: 3 } })
  await cairn('train', two.job, '--out', two.at('out'), '--threads', '1', '--keep', '2')
  const ran = await cairn('verify', two.at(`out/${RECEIPT}`), '--units', '5', '--threads', '1')
  expect(ran.err).toMatch(/([2-4]) of 6 units[\s\S]*kept for \1 of them only/)
  expect(ran.out).toMatch(/AGREES: [2-4] of 6 units/)
})
