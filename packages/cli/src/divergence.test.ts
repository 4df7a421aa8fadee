import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cairn } from './testing/run-cairn.ts'
import { tinyJob } from './testing/tiny-job.ts'

const TOO_FAST = { optimiser: { learningRate: 1e6 } }

test('a learning rate of a million diverges at the same operator on every backend, with code 3 and a receipt', async () => {
  const job = tinyJob(TOO_FAST)
  const ends = []
  for (const backend of ['wasm', 'reference']) {
    const out = job.at(backend)
    const ran = await cairn('train', job.job, '--out', out, '--backend', backend, '--threads', '1', '--json')
    expect(ran.code).toBe(3)
    expect(existsSync(`${out}/receipt.json`)).toBe(true)
    ends.push(ran.events.at(-1)?.diverged)
  }
  expect(ends[0]).toMatchObject({ round: 0, replica: 0, operator: expect.stringMatching(/^inner \d+ \w+$/) })
  expect(ends[1]).toEqual(ends[0])
})

test('a divergence is explained, and its receipt verifies', async () => {
  const job = tinyJob(TOO_FAST)
  const ran = await cairn('train', job.job, '--out', job.at('out'), '--threads', '1')
  expect(ran.err).toMatch(/diverged[\s\S]*operator inner \d+[\s\S]*learningRate \(now 1000000/)
  const verified = await cairn('verify', job.at('out/receipt.json'), '--threads', '1')
  expect(verified.err + verified.out).toMatch(/AGREES/)
  expect(verified.code).toBe(0)
})
