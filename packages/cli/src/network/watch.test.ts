import type { JobStatus, NetworkClient, RoundSummary, UnitSummary } from '@cairn/node'
import { InputError, ResourceError } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { createScreen } from '../screen/screen.ts'
import { type WatchListener, watchEvents, watchScreen } from '../screen/watch-screen.ts'
import { type WatchEvent, watchJob } from './watch.ts'

const bits = (value: number): number => new Uint32Array(Float32Array.of(value).buffer)[0] as number

const unit = (replica: number, change: Partial<UnitSummary> = {}): UnitSummary => ({
  kind: 'train',
  round: 0,
  replica,
  state: 'open',
  reason: 'the job has begun',
  sinceMs: 0,
  ...change,
})

const round = (number: number, change: Partial<RoundSummary> = {}): RoundSummary => ({
  round: number,
  losses: [bits(2), bits(4)],
  globalRoot: 'a',
  ...change,
})

const status = (change: Partial<JobStatus> = {}): JobStatus => ({
  job: 'f00d'.repeat(16),
  name: 'small',
  status: 'running',
  reason: 'running',
  agreed: 0,
  anchored: 0,
  rounds: 2,
  replicas: 2,
  innerSteps: 10,
  submitter: '0x00',
  holdsLease: true,
  epoch: 1,
  isClosed: false,
  document: 'd',
  units: [],
  history: [],
  holders: [],
  ...change,
})

/** A job that is worked on, then loses its coordinator for a moment, then is done. */
const STORY = [
  status({ units: [unit(0, { state: 'leased', node: 'abcdef0123', done: 5, lossBits: bits(3) }), unit(1)] }),
  status({ agreed: 1, history: [round(0)] }),
  new ResourceError('NoCoordinator', 'No coordinator answers.', { found: 'timeout' }),
  status({ agreed: 2, anchored: 1, history: [round(0), round(1)] }),
  status({
    status: 'finished',
    reason: 'finished',
    agreed: 2,
    anchored: 2,
    history: [round(0), round(1, { evaluationBits: bits(1.5) })],
  }),
]

function telling(story: readonly (JobStatus | Error)[]): NetworkClient {
  const left = [...story]
  const job = async (): Promise<JobStatus> => {
    const next = left.shift()
    if (next instanceof Error) throw next
    return next as JobStatus
  }
  return { job } as Partial<NetworkClient> as NetworkClient
}

async function watched(story: readonly (JobStatus | Error)[], listener?: WatchListener) {
  const events: WatchEvent[] = []
  const onEvent = (event: WatchEvent) => {
    events.push(event)
    listener?.(event)
  }
  const last = await watchJob(telling(story), 'f00d', { everyMs: 0, stop: { requested: false }, onEvent })
  return { last, events }
}

describe('watching a job', () => {
  test('tells of units that change hands and of every round once, when its evaluation is there', async () => {
    const { last, events } = await watched(STORY)
    expect(last?.status).toBe('finished')
    const told = events
      .filter(({ event }) => event !== 'status')
      .map(event => (event.event === 'round' ? event.round.round : event.event))
    expect(told).toEqual(['unit', 'unit', 'away', 0, 1])
  })

  test('ends with an error that waiting cannot heal', async () => {
    const unknown = new InputError('UnknownJob', 'No such job.')
    await expect(watched([unknown])).rejects.toBe(unknown)
    await expect(watched([new ResourceError('NoCoordinator', 'Nobody.')])).rejects.toMatchObject({
      code: 'NoCoordinator',
    })
  })

  test('that is said to have left the domain waits for it to be closed: a dispute may find otherwise', async () => {
    const diverged = status({ status: 'diverged', reason: 'diverged: waits for the challenge window' })
    const { written, screen } = recorded(false)
    const { last } = await watched([diverged, diverged, ...STORY], watchScreen(screen))
    expect(last?.status).toBe('finished')
    expect(written.join('').match(/waits for the challenge window/g)).toHaveLength(1)
    const closed = await watched([diverged, { ...diverged, isClosed: true }, ...STORY])
    expect(closed.last).toMatchObject({ status: 'diverged', isClosed: true })
  })

  test('stops when asked', async () => {
    const options = { everyMs: 0, stop: { requested: true }, onEvent: () => undefined }
    expect(await watchJob(telling(STORY), 'f00d', options)).toBeUndefined()
  })
})

function recorded(isTTY: boolean) {
  const written: string[] = []
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) }
  return { written, screen: createScreen({ stdout: stream, stderr: stream, env: { NO_COLOR: '1' } }) }
}

test('a person sees every replica, the losses, and lines for rounds', async () => {
  const { written, screen } = recorded(true)
  await watched(STORY, watchScreen(screen))
  const all = written.join('')
  expect(all).toContain('small  job f00df00d  round 1/2  0 anchored')
  expect(all).toMatch(/replica 1 +████████░░░░░░░░ {2}by abcdef01 {2}step 5\/10 {2}loss 3\.000\n/)
  expect(all).toMatch(/replica 2 +not given to a worker yet/)
  expect(all).toContain('round 2/2  training loss 3.000  validation loss 1.500\n')
  expect(all).toContain('The coordinator does not answer (timeout)')
})

test('a program gets the losses as numbers', async () => {
  const { written, screen } = recorded(false)
  await watched(STORY, watchEvents(screen))
  const events = written.map(line => JSON.parse(line))
  expect(events.at(-1)).toEqual({
    ...{ event: 'round', job: 'f00d'.repeat(16), round: 1, globalRoot: 'a' },
    ...{ losses: [2, 4], validationLoss: 1.5 },
  })
})
