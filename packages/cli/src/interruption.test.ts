import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { LAUNCHER, type Ran, startCairn } from './testing/run-cairn.ts'
import { type TinyJob, tinyJob } from './testing/tiny-job.ts'

/** Long enough that a signal always meets it in the middle: every step is followed by a save. */
const LONG = { schedule: { innerSteps: 120 } }
const MIDDLE = 20

const trainArguments = ({ job, at }: TinyJob, ...more: readonly string[]) => [
  ...['train', job, '--out', at('out'), '--threads', '1', '--json', ...more],
]

/** Starts training and sends a signal after some steps. */
function interrupted(job: TinyJob, signal: NodeJS.Signals, ...more: readonly string[]): Promise<Ran> {
  let steps = 0
  return startCairn(trainArguments(job, '--save-every', '0', ...more), ({ event }, child) => {
    if (event === 'step' && ++steps === MIDDLE) child.kill(signal)
  })
}

const rootOf = ({ events }: Ran) => events.at(-1)?.finalStateRoot
const checkpointsOf = ({ at }: TinyJob) => (existsSync(at('out/checkpoints')) ? readdirSync(at('out/checkpoints')) : [])

describe('a run that is interrupted in the middle of a unit', () => {
  let expected: unknown

  beforeAll(async () => {
    const whole = await startCairn(trainArguments(tinyJob(LONG)))
    expect(whole.code).toBe(0)
    expected = rootOf(whole)
    expect(expected).toMatch(/^[0-9a-f]{64}$/)
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s keeps a checkpoint, says how to go on, and ends the same',
    async signal => {
      const job = tinyJob(LONG)
      const stopped = await interrupted(job, signal)
      expect(stopped.code).toBe(130)
      expect(checkpointsOf(job)).toHaveLength(1)
      expect(existsSync(job.at('out/lock'))).toBe(false)
      const last = stopped.events.at(-1)
      expect(last).toMatchObject({
        event: 'stopped',
        resume: expect.stringMatching(/train .*job\.yaml --out .*out .*--resume$/),
      })

      const resumed = await startCairn(trainArguments(job, '--resume'))
      expect(resumed.code).toBe(0)
      const { step } = resumed.events.find(({ event }) => event === 'resumed') as { step: number }
      expect(step).toBeGreaterThanOrEqual(MIDDLE)
      expect(rootOf(resumed)).toBe(expected)
    },
  )

  test('by kill -9 goes on from the last save and ends the same; its lock is taken over', async () => {
    const job = tinyJob(LONG)
    const killed = await interrupted(job, 'SIGKILL')
    expect(killed.code).toBe(null)
    expect(existsSync(job.at('out/lock'))).toBe(true)
    const resumed = await startCairn(trainArguments(job, '--resume'))
    expect(resumed.events[0]).toMatchObject({ event: 'notice', text: expect.stringContaining('taking over') })
    expect(rootOf(resumed)).toBe(expected)
    expect(existsSync(job.at('out/lock'))).toBe(false)
    const steps = readFileSync(job.at('out/metrics.jsonl'), 'utf8').match(/"replica"/g)
    expect(steps).toHaveLength(2 * 2 * 120)
  })

  test('with a checkpoint that was damaged is refused, and goes on once that is restored', async () => {
    const job = tinyJob(LONG)
    await interrupted(job, 'SIGINT')
    const path = join(job.at('out/checkpoints'), checkpointsOf(job)[0] as string)
    const sound = readFileSync(path)
    const damaged = Buffer.from(sound)
    damaged[1000]! ^= 1
    writeFileSync(path, damaged)
    const refused = await startCairn(trainArguments(job, '--resume'))
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/\[CorruptCheckpoint\][\s\S]*where[\s\S]*expected[\s\S]*found[\s\S]*to do/)
    writeFileSync(path, sound)
    const resumed = await startCairn(trainArguments(job, '--resume'))
    expect(resumed).toMatchObject({ code: 0, err: '' })
    expect(rootOf(resumed)).toBe(expected)
  })
})

test('a second process in one output directory is refused while the first lives', async () => {
  const job = tinyJob({ schedule: { innerSteps: 5000 } })
  const second: Promise<Ran>[] = []
  const first = await startCairn(trainArguments(job, '--save-every', '0'), ({ event }, child) => {
    if (event !== 'step' || second.length > 0) return
    for (const more of [[], ['--resume']]) second.push(startCairn(trainArguments(job, ...more)))
    Promise.all(second).then(() => child.kill('SIGINT'))
  })
  for (const { code, err } of await Promise.all(second)) {
    expect(code).toBe(2)
    expect(err).toMatch(/\[DirectoryLocked\][\s\S]*found +process \d+[\s\S]*to do/)
  }
  expect(first).toMatchObject({ code: 130, err: expect.stringContaining('Stopping') })
})

test('the launcher passes arguments and exit codes on', async () => {
  expect(readFileSync(LAUNCHER, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
  const ran = await startCairn(['--version'])
  expect(ran).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), err: '' })
  expect((await startCairn(['nonsense'])).code).toBe(2)
})
