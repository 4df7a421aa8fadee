/**
 * Questions of people: `/cairn/query/1`, one question and one answer on a stream, both canonical CBOR, answered to
 * anybody. SPEC: docs/spec/messages.md "Queries". What goes wrong between peers is a value.
 */
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '@cairn/primitives'
import type { Stream } from '@libp2p/interface'
import type { Connections } from './connections.ts'
import { drained } from './drained.ts'
import { framed, readFrames } from './frames.ts'
import type { NetworkLimits } from './limits.ts'
import { rateLimiter } from './rate-limit.ts'

export const QUERY_PROTOCOL = '/cairn/query/1'
const MAX_INBOUND_STREAMS = 8

/** Why there is no answer. The first four are found by the asker, the others said by the one asked. */
const PROBLEMS = ['unreachable', 'timeout', 'broken', 'too-large', 'too-many', 'not-a-question', 'failed'] as const

type QueryProblem = (typeof PROBLEMS)[number]

export type Answer =
  | { readonly ok: true; readonly answer: CanonicalValue }
  | { readonly ok: false; readonly code: QueryProblem }

export type AnswerQuestion = (question: CanonicalValue, from: string) => Promise<unknown> | unknown

export interface Queries {
  ask(peer: string, question: unknown, options?: { readonly timeoutMs?: number }): Promise<Answer>
}

interface QueryOptions {
  readonly connections: Connections
  readonly limits: NetworkLimits
  readonly nowMs: () => number
  readonly onQuestion: AnswerQuestion
  /** Told when answering threw: a fault of this node, which the asker only learns as `failed`. */
  readonly onFault?: ((cause: unknown) => void) | undefined
}

const fail = (code: QueryProblem): Answer => ({ ok: false, code })

/** Handles the query protocol of a node. */
export async function queries({ connections, limits, nowMs, onQuestion, onFault }: QueryOptions): Promise<Queries> {
  const perPeer = rateLimiter(limits.questionRate, nowMs)
  const total = rateLimiter(limits.totalQuestionRate, nowMs)

  async function answerTo(bytes: Uint8Array, from: string): Promise<Uint8Array> {
    if (!perPeer.take(from) || !total.take('all')) return encodeCanonical([1, 'too-many'])
    const question = decoded(bytes)
    if (question === undefined) return encodeCanonical([1, 'not-a-question'])
    try {
      const answer = await within(limits.answerTimeoutMs, onQuestion(question, from))
      const encoded = encodeCanonical([0, answer ?? null])
      return encoded.length <= limits.maxAnswerBytes ? encoded : encodeCanonical([1, 'too-large'])
    } catch (cause) {
      onFault?.(cause)
      return encodeCanonical([1, 'failed'])
    }
  }

  function serve(stream: Stream, from: string): void {
    let isAsked = false
    const { frameTimeoutMs, drainTimeoutMs } = limits
    const onFrame = async (bytes: Uint8Array): Promise<void> => {
      if (isAsked) return stream.abort(new Error('one question a stream'))
      isAsked = true
      const answer = await answerTo(bytes, from)
      if (stream.writeStatus !== 'writable') return
      stream.send(framed(answer))
      if (await drained(stream, drainTimeoutMs)) await stream.close({ signal: AbortSignal.timeout(drainTimeoutMs) })
      else stream.abort(new Error('the answer is not read'))
    }
    const idle = setTimeout(() => isAsked || stream.abort(new Error('no question')), frameTimeoutMs)
    readFrames(stream, {
      maxBytes: () => limits.maxQuestionBytes,
      frameTimeoutMs,
      onFrame: bytes => void onFrame(bytes).catch(cause => stream.abort(asError(cause))),
      onEnd: () => clearTimeout(idle),
    })
  }

  await connections.handle(QUERY_PROTOCOL, serve, MAX_INBOUND_STREAMS)

  return {
    async ask(peer, question, { timeoutMs = limits.answerTimeoutMs } = {}) {
      const bytes = encodeCanonical(question)
      if (bytes.length > limits.maxQuestionBytes) return fail('too-large')
      const signal = AbortSignal.timeout(timeoutMs)
      const stream = await connections.openStream(peer, QUERY_PROTOCOL, signal)
      if (stream === undefined) return fail(signal.aborted ? 'timeout' : 'unreachable')
      const answer = await answerOn(stream, bytes, signal, limits.maxAnswerBytes)
      if (stream.status === 'open') stream.abort(new Error('done'))
      return answer
    },
  }
}

function answerOn(stream: Stream, question: Uint8Array, signal: AbortSignal, maxBytes: number): Promise<Answer> {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const onTimeout = (): void => resolve(fail('timeout'))
  if (signal.aborted) onTimeout()
  signal.addEventListener('abort', onTimeout, { once: true })
  readFrames(stream, {
    maxBytes: () => maxBytes + 16,
    frameTimeoutMs: 2 ** 31 - 1, // the signal ends it before
    onFrame: bytes => resolve(answerIn(bytes)),
    onEnd: reason => resolve(fail(reason === 'oversized' ? 'too-large' : 'broken')),
  })
  try {
    stream.send(framed(question))
  } catch {
    resolve(fail('broken'))
  }
  return promise.finally(() => signal.removeEventListener('abort', onTimeout))
}

function answerIn(bytes: Uint8Array): Answer {
  const value = decoded(bytes)
  if (!Array.isArray(value) || value.length !== 2) return fail('broken')
  const [status, content] = value
  if (status === 0) return { ok: true, answer: content }
  const code = PROBLEMS.find(problem => problem === content)
  return fail(status === 1 && code !== undefined ? code : 'broken')
}

function decoded(bytes: Uint8Array): CanonicalValue | undefined {
  try {
    return decodeCanonical(bytes)
  } catch {
    return undefined
  }
}

async function within<T>(timeoutMs: number, doing: Promise<T> | T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  return Promise.race([doing, late]).finally(() => clearTimeout(timer))
}

const asError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))
