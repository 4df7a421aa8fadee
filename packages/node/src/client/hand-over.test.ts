import type { JobDocument, JobId, Message } from '@cairn/protocol'
import { describe, expect, test } from 'vitest'
import type { NodeSummary } from '../runtime/summaries.ts'
import { type HandOverEvent, handOver } from './hand-over.ts'

const JOB = 'a'.repeat(64) as JobId

const worker = (peer: string): NodeSummary =>
  ({ peer, role: 'worker', isLive: true, addresses: [] }) as Partial<NodeSummary> as NodeSummary

/** A network in which `takers` hold the data as soon as they are asked. */
function network(workers: () => readonly NodeSummary[], takers: readonly string[]) {
  let hear: (message: Message) => void = () => undefined
  const asked: string[] = []
  const say = (sender: string) => hear({ kind: 'pinned', job: JOB, sender } as Partial<Message> as Message)
  return {
    asked,
    say,
    coordinators: () => [],
    nodes: async () => [...workers()],
    listen(handler: (message: Message) => void) {
      hear = handler
      return () => undefined
    },
    send(to: string) {
      asked.push(to)
      if (takers.includes(to)) setImmediate(say, to)
    },
    host: { peer: 'me', addresses: () => [], learn: () => undefined },
  }
}

async function handed(given: ReturnType<typeof network>, custodians: number, uploadedBytes = () => 0) {
  const events: HandOverEvent[] = []
  const submission = { job: JOB, document: {} as JobDocument, documentId: 'd'.repeat(64) as never, blobs: [] }
  const signal = AbortSignal.timeout(2_000)
  await handOver(given, {
    submission,
    terms: { custodians },
    onEvent: e => events.push(e),
    signal,
    uploadedBytes,
    repeatMs: 5,
  })
  expect(signal.aborted).toBe(false)
  return events
}

const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(worker)

describe('a job’s data is handed over', () => {
  test('to workers that others stand before who are full or out of reach', async () => {
    const events = await handed(
      network(() => all, ['e', 'g']),
      1,
    )
    expect(events.map(event => event.kind === 'pinned' && event.peer)).toEqual(expect.arrayContaining(['e', 'g']))
  })

  test('to three at a time while they fetch', async () => {
    let uploaded = 0
    const given = network(() => all, [])
    setTimeout(() => given.say('a'), 60)
    await handed(given, 0, () => uploaded++)
    expect(new Set(given.asked)).toEqual(new Set(['a', 'b', 'c']))
  })

  test('when as many hold it as are there, though there were more before', async () => {
    let workers = all.slice(0, 3)
    const given = network(() => workers, ['a'])
    setTimeout(() => {
      workers = all.slice(0, 1)
    }, 30)
    expect(await handed(given, 2)).toMatchObject([{ kind: 'pinned', peer: 'a', holders: 1, wanted: 3 }])
  })

  test('only to those who were asked, whatever others say', async () => {
    const given = network(() => all.slice(0, 1), [])
    setTimeout(() => {
      given.say('z')
      given.say('a')
    }, 20)
    expect(await handed(given, 0)).toMatchObject([{ peer: 'a' }])
  })

  test('later, when nobody is there yet', async () => {
    let workers: readonly NodeSummary[] = []
    setTimeout(() => {
      workers = all.slice(0, 1)
    }, 20)
    const kinds = (
      await handed(
        network(() => workers, ['a']),
        0,
      )
    ).map(({ kind }) => kind)
    expect(kinds).toEqual(expect.arrayContaining(['waiting', 'pinned']))
  })
})
