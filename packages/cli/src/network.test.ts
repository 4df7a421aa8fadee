/** A job from submission to payment, over real processes; in the end the bits are those of `cairn train`. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { cairn, type Ran } from './testing/run-cairn.ts'
import { type StartedUp, startUp } from './testing/start-up.ts'
import { type TinyJob, tinyJob } from './testing/tiny-job.ts'

const directory = mkdtempSync(join(tmpdir(), 'cairn-net-'))

/** Ten processes start and end on a machine that may be busy. */
const HOOK_MS = 90_000

let up: StartedUp
beforeAll(async () => {
  up = await startUp(directory, '--workers', '2')
}, HOOK_MS)
afterAll(() => up?.end('SIGINT'), HOOK_MS)

const run = (command: string, ...args: readonly string[]): Promise<Ran> =>
  cairn(command, ...args, '--network', join(directory, 'network.json'), '--json')

const lastOf = async (ran: Promise<Ran>) => {
  const { code, events, err } = await ran
  expect({ code, err }).toEqual({ code: 0, err: '' })
  return events.at(-1) ?? {}
}

const tokensOf = async (key: string) => BigInt((await lastOf(run('balance', '--key', key))).tokens as string)

interface Payment {
  readonly account: string
  readonly amount: string
}

/** What `why` says was earned, by account. */
async function earnedBy(subject: string): Promise<Record<string, { earned: string; withdrawable: string }>> {
  const [pay] = (await lastOf(run('why', subject))).pay as { job: string; accounts: Payment[] }[]
  return Object.fromEntries(pay?.accounts.map(({ account, ...rest }) => [account, rest]) ?? []) as never
}

describe('a job', () => {
  const spec: TinyJob = tinyJob()
  let job = ''
  let before = 0n

  test('is quoted with a note on its data before anything is locked or uploaded, then submitted', async () => {
    before = await tokensOf('submitter')
    const { code, events } = await run('submit', spec.job)
    expect(code).toBe(0)
    const kinds = events.map(({ event }) => event)
    expect(kinds.slice(0, 3)).toEqual(['preparing', 'quote', 'locked'])
    expect(events[1]).toMatchObject({ note: expect.stringContaining('see the training data') })
    expect(kinds).toContain('pinned')
    job = events.at(-1)?.job as string
    expect(job).toMatch(/^[0-9a-f]{64}$/)
  })

  test('is trained while one watches, by the beginning of its id', async () => {
    const { code, events } = await run('watch', job.slice(0, 6))
    expect(code).toBe(0)
    const rounds = events.filter(({ event }) => event === 'round')
    expect(rounds.map(({ round }) => round)).toEqual([0, 1])
    expect(rounds[0]).toMatchObject({ losses: [expect.any(Number), expect.any(Number)] })
    expect(events.at(-1)).toMatchObject({ event: 'finished', job })
    expect((await lastOf(run('status', job))).anchored).toBe(2)
    expect((await lastOf(run('jobs'))).jobs).toMatchObject([{ job, name: 'tiny', status: 'finished' }])
  })

  test('comes back with the same bits as from one process, and pays what its receipt says', async () => {
    const downloaded = await lastOf(run('download', job, '--out', spec.at('got')))
    const trained = await cairn('train', spec.job, '--out', spec.at('out'), '--threads', '1', '--json')
    expect(downloaded.finalStateRoot).toBe(trained.events.at(-1)?.finalStateRoot)
    const payments = downloaded.payments as Payment[]
    const paid = payments.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
    expect(await tokensOf('submitter')).toBe(before - paid)
    const explained = await earnedBy(job)
    expect(Object.keys(explained).sort()).toEqual(payments.map(({ account }) => account).sort())
    for (const { account, amount } of payments)
      expect(explained[account]).toMatchObject({ earned: amount, withdrawable: amount })
    for (const key of ['worker-1', 'worker-2', 'coordinator']) {
      const had = await tokensOf(key)
      const { account, withdrawals } = await lastOf(run('withdraw', '--key', key))
      const due = payments.find(each => each.account === (account as string).toLowerCase())
      expect(withdrawals).toMatchObject([{ job, result: { ok: true, amount: due?.amount } }])
      expect(await tokensOf(key)).toBe(had + BigInt(due?.amount ?? 0))
      expect((await lastOf(run('withdraw', job, '--key', key))).withdrawals).toEqual([])
    }
  })

  test('says why: of itself, of a unit, of a node that is idle', async () => {
    expect(await lastOf(run('why', job))).toMatchObject({ now: expect.stringMatching(/^finished: /) })
    expect(await lastOf(run('why', `${job.slice(0, 8)}/1/0`))).toMatchObject({ now: expect.stringMatching(/settled/) })
    const nodes = (await lastOf(run('nodes'))).nodes as { peer: string }[]
    const answer = await lastOf(run('why', `${nodes[0]?.peer}`.slice(0, 8)))
    expect(answer.now).toMatch(/idle: there is no job/)
    const paid = await earnedBy(`${nodes[0]?.peer}`)
    expect(Object.values(paid)).toMatchObject([{ withdrawable: '0' }])
    expect(BigInt(Object.values(paid)[0]?.earned as string)).toBeGreaterThan(0n)
    const { account } = await lastOf(run('balance', '--key', 'coordinator'))
    expect(Object.keys(await earnedBy(account as string))).toEqual([(account as string).toLowerCase()])
    expect((await run('why', 'ffffffff')).events.at(-1)).toMatchObject({ event: 'error', code: 'UnknownSubject' })
  })
})

test('a job that is cancelled gives its budget back, but for what was done', async () => {
  const before = await tokensOf('submitter')
  const { job } = await lastOf(run('submit', tinyJob({ schedule: { rounds: 2000, innerSteps: 50 } }).job))
  while ((await lastOf(run('status', job as string))).anchored === 0);
  const { events } = await run('cancel', job as string)
  expect(events.map(({ event }) => event)).toEqual(['cancelled', 'refunded'])
  const paid = BigInt(events[1]?.paid as string)
  expect(paid).toBeGreaterThan(0n)
  expect(await tokensOf('submitter')).toBe(before - paid)
  expect((await run('cancel', job as string)).events.at(-1)).toMatchObject({ event: 'error', code: 'JobNotOpen' })
})

test('a job for which no node has the memory waits, says why, and is cancelled for nothing', async () => {
  const { code, events } = await run('submit', tinyJob({ resources: { memoryBytes: 2 ** 45 } }).job)
  expect(code).toBe(0)
  expect(events[1]).toMatchObject({ event: 'quote', obstacle: expect.stringContaining('bytes of memory') })
  const { job } = events.at(-1) as { job: string }
  const why = async () => (await lastOf(run('why', job))).now as string
  for (const until = Date.now() + 10_000; !/memory/.test(await why()) && Date.now() < until; );
  expect(await why()).toMatch(/^waiting: round 0 replica 0 waits: .* bytes of memory, the job needs 35184372088832/)
  const before = await tokensOf('submitter')
  expect((await run('cancel', job)).events.at(-1)).toMatchObject({ event: 'refunded', paid: '0' })
  expect(await tokensOf('submitter')).toBeGreaterThan(before)
})

describe('what cannot be done ends with code 2:', () => {
  const refused = async (ran: Promise<Ran>, code: string, found: unknown = expect.any(String)) => {
    const { code: exit, events } = await ran
    expect(events.at(-1)).toMatchObject({
      event: 'error',
      code,
      expected: expect.any(String),
      found,
      fix: expect.any(String),
    })
    expect(exit).toBe(2)
  }

  test('a budget below the quote', () =>
    refused(run('submit', tinyJob().job, '--budget', '0.000001'), 'BudgetTooLow', '0.000001 TEST'))

  test('a job for which no node has the memory, where it must not wait', () =>
    refused(
      run('submit', tinyJob({ resources: { memoryBytes: 2 ** 45 } }).job, '--no-wait'),
      'NoWorker',
      expect.stringMatching(/^the job needs 35184372088832 bytes of memory/),
    ))

  test('more custodians than a lease can name, or, where it must not wait, than there are owners', async () => {
    const { code, err } = await run('submit', tinyJob().job, '--custodians', '9')
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('from 0 to 8') })
    const found = expect.stringMatching(/^2 custodians of other owners are needed, and 1 are there/)
    await refused(run('submit', tinyJob().job, '--custodians', '2', '--no-wait'), 'NoWorker', found)
  })

  test('redundancy by one node', () => {
    const { job } = tinyJob({ verification: { policy: 'redundancy', verifiers: 1 } })
    return refused(run('submit', job), 'spec.invalid', '1')
  })

  test('ids that are no jobs, or of none', async () => {
    await refused(run('status', 'abc'), 'BadJobId')
    await refused(run('download', 'ffffffff', '--out', join(directory, 'x')), 'UnknownJob')
    await refused(run('cancel', 'ffffffff'), 'UnknownJob')
  })
})
