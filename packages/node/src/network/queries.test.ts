import { encodeCanonical } from '@cairn/primitives'
import { afterEach, describe, expect, test } from 'vitest'
import { framed } from './frames.ts'
import { QUERY_PROTOCOL } from './queries.ts'
import { cleanUp } from './testing/clean-up.ts'
import { ended, testHost } from './testing/test-host.ts'

afterEach(cleanUp)

describe('a question', () => {
  test('gets an answer', async () => {
    const asker = await testHost()
    const asked = await testHost({ onQuestion: (question, from) => ({ question, from }) })
    asker.learn(asked.address)
    expect(await asker.ask(asked.peer, { jobs: [1, 'two'] })).toEqual({
      ok: true,
      answer: { question: { jobs: [1, 'two'] }, from: asker.peer },
    })
  })

  test('gets answers of up to the limit, many at a time', async () => {
    const asker = await testHost()
    const asked = await testHost({ onQuestion: size => new Uint8Array(size as number) })
    asker.learn(asked.address)
    const sizes = [0, 1, 100_000, 8 * 2 ** 20 - 100, 3, 4]
    const answers = await Promise.all(sizes.map(size => asker.ask(asked.peer, size)))
    expect(answers.map(answer => answer.ok && (answer.answer as Uint8Array).length)).toEqual(sizes)
  })

  test('that goes wrong is a value', async () => {
    const faults: unknown[] = []
    const asker = await testHost()
    const asked = await testHost({
      onFault: cause => faults.push(cause),
      onQuestion(question) {
        if (question === 'late') return new Promise(() => undefined)
        if (question === 'large') return new Uint8Array(9 * 2 ** 20)
        if (question === 'unencodable') return { x: 1.5 }
        throw new Error('broken')
      },
      limits: { answerTimeoutMs: 50 },
    })
    asker.learn(asked.address)
    const codeOf = async (question: unknown) => {
      const answer = await asker.ask(asked.peer, question)
      return answer.ok ? 'ok' : answer.code
    }
    expect(await codeOf('throw')).toBe('failed')
    expect(await codeOf('unencodable')).toBe('failed')
    expect(await codeOf('late')).toBe('failed')
    expect(await codeOf('large')).toBe('too-large')
    expect(await codeOf(new Uint8Array(70_000))).toBe('too-large')
    expect(faults).toHaveLength(3)
  })

  test('to somebody slow, silent or away ends in time', async () => {
    const asker = await testHost()
    const slow = await testHost({ onQuestion: () => new Promise(() => undefined) })
    asker.learn(slow.address)
    expect(await asker.ask(slow.peer, 1, { timeoutMs: 50 })).toEqual({ ok: false, code: 'timeout' })
    await slow.stop()
    expect(await asker.ask(slow.peer, 1)).toEqual({ ok: false, code: 'unreachable' })
    expect(await asker.ask('not a peer', 1)).toEqual({ ok: false, code: 'unreachable' })
  })

  test('is answered so often and no more', async () => {
    const asker = await testHost()
    const limits = { questionRate: { perSecond: 1, burst: 3 } }
    const asked = await testHost({ onQuestion: () => 1, limits, nowMs: () => 0 })
    asker.learn(asked.address)
    const codes: string[] = []
    for (let i = 0; i < 5; i++) {
      const answer = await asker.ask(asked.peer, i)
      codes.push(answer.ok ? 'ok' : answer.code)
    }
    expect(codes).toEqual(['ok', 'ok', 'ok', 'too-many', 'too-many'])
  })
})

describe('a hostile asker', () => {
  test.each<[string, Uint8Array]>([
    ['noise', framed(Uint8Array.of(0xff, 0xff))],
    ['a question that is too large', Uint8Array.of(0, 2, 0, 0)],
    ['two questions', twice()],
  ])('that sends %s costs one stream', async (_, sent) => {
    const asker = await testHost()
    const asked = await testHost({ onQuestion: q => q })
    asker.learn(asked.address)
    const stream = (await asker.connections.openStream(asked.peer, QUERY_PROTOCOL))!
    stream.send(sent)
    await stream.close().catch(() => undefined)
    await ended(stream)
    expect(await asker.ask(asked.peer, 5)).toEqual({ ok: true, answer: 5 })
  })

  test('that asks nothing is let go', async () => {
    const asker = await testHost()
    const asked = await testHost({ onQuestion: q => q, limits: { frameTimeoutMs: 20 } })
    asker.learn(asked.address)
    const stream = (await asker.connections.openStream(asked.peer, QUERY_PROTOCOL))!
    await ended(stream)
  })

  test.each<[string, Uint8Array, string]>([
    ['noise', framed(Uint8Array.of(1, 2, 3)), 'broken'],
    ['an answer that is too large', Uint8Array.of(255, 0, 0, 0), 'too-large'],
    ['an unknown problem', framed(encodeCanonical([1, 'because'])), 'broken'],
    ['a floating form', framed(encodeCanonical({ ok: true })), 'broken'],
  ])('that answers %s is no exception', async (_, answer, code) => {
    const [asker, asked] = [await testHost(), await testHost()]
    await asked.connections.handle('/cairn/query/2', stream => stream.send(answer), 4)
    asker.learn(asked.address)
    const { queries } = await import('./queries.ts')
    const { DEFAULT_LIMITS } = await import('./limits.ts')
    const openStream = (peer: string) => asker.connections.openStream(peer, '/cairn/query/2')
    const connections = { ...asker.connections, openStream, handle: async () => undefined }
    const other = await queries({ connections, limits: DEFAULT_LIMITS, nowMs: Date.now, onQuestion: () => null })
    expect(await other.ask(asked.peer, 1)).toEqual({ ok: false, code })
  })
})

function twice(): Uint8Array {
  const frame = framed(encodeCanonical(1))
  return new Uint8Array(Buffer.concat([frame, frame]))
}
