/**
 * 120,000 messages, most of them bad in a known way: none may throw, none may be accepted wrongly, every one is counted
 * under the right name, and memory stays bounded. Drawn from a seed, so that a failure comes back.
 */
import { concat, hashFromHex, philox4x32 } from '@cairn/primitives'
import { expect, it } from 'vitest'
import {
  createGuard,
  MAX_MESSAGE_BYTES,
  MESSAGE_KINDS,
  type MessageBodies,
  type MessageKind,
  openMessage,
  REJECTIONS,
  type RejectionCode,
  sealMessage,
} from '../messages.ts'
import { exampleBodies, JOB, NETWORK, OTHER_JOB, OTHER_NETWORK } from './testing/examples.ts'
import { type TestKey, testKey, verifyEd25519 } from './testing/node-keys.ts'
import { encodeEnvelope, encodeWire } from './wire.ts'

const MESSAGES = 120_000
const MAX_SENDERS = 200
const KINDS = Object.keys(MESSAGE_KINDS) as MessageKind[]
const keys = Array.from({ length: 8 }, (_, i) => testKey(i))
const strangers = Array.from({ length: 3 * MAX_SENDERS }, (_, i) => testKey(1000 + i))
const bodies = exampleBodies(keys[0]!, [keys[1]!, keys[2]!])
const bodiesOfOtherJob = exampleBodies(keys[0]!, [keys[1]!, keys[2]!], OTHER_JOB)

let counter = 0
/** Draws an integer below `bound`. */
const draw = (bound: number): number => philox4x32([counter++, 0, 0, 0], [2026, 11])[0] % bound
const pick = <T>(list: readonly T[]): T => list[draw(list.length)]!
const randomBytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => draw(256))

interface Letter {
  readonly key: TestKey
  readonly kind: MessageKind
  readonly bytes: Uint8Array
}

let sequence = 0
const jobOf = (kind: MessageKind, job = JOB) => (MESSAGE_KINDS[kind].scope === 'job' ? { job } : {})

function good(
  key = pick(keys),
  kind = pick(KINDS),
  network = NETWORK,
  job = JOB,
  from: MessageBodies = bodies,
): Letter {
  const body = from[kind]
  return { key, kind, bytes: sealMessage(key, { network, kind, sequence: ++sequence, ...jobOf(kind, job), body }) }
}

function signed({
  key = pick(keys),
  kind = pick(KINDS),
  body = {} as unknown,
  signature = undefined as Uint8Array | undefined,
}) {
  const job = MESSAGE_KINDS[kind].scope === 'job' ? hashFromHex(JOB) : undefined
  const envelope = encodeEnvelope({ network: hashFromHex(NETWORK), kind, sequence: ++sequence, job, body })
  const bytes = encodeWire({ envelope, publicKey: key.publicKey, signature: signature ?? key.sign(envelope) })
  return { key, kind, bytes }
}

const jobKinds = KINDS.filter(kind => MESSAGE_KINDS[kind].scope === 'job')
const directKinds = KINDS.filter(kind => MESSAGE_KINDS[kind].channel === 'direct')
const small = directKinds.filter(kind => MESSAGE_KINDS[kind].maxBytes <= 8192)
const huge = new Uint8Array(MAX_MESSAGE_BYTES + 1)
const accepted: Letter[] = []

/** A letter for every way to be bad, and what it must be called. */
const BAD: Record<string, () => readonly [Letter, RejectionCode | 'any']> = {
  replayed: () => [pick(accepted), 'replayed'],
  reordered() {
    const key = pick(keys)
    const late = good(key, 'progress')
    deliver(good(key, 'progress'), 'ok')
    return [late, 'replayed']
  },
  truncated() {
    const letter = pick(accepted)
    return [{ ...letter, bytes: letter.bytes.subarray(0, draw(letter.bytes.length)) }, 'malformed']
  },
  extended() {
    const letter = pick(accepted)
    return [{ ...letter, bytes: concat(letter.bytes, randomBytes(1 + draw(8))) }, 'malformed']
  },
  oversized: () => [{ ...pick(accepted), bytes: huge }, 'oversized'],
  'oversized for its kind': () => [signed({ kind: pick(small), body: new Uint8Array(9000) }), 'oversized'],
  'wrongly signed': () => [signed({ signature: pick(accepted).bytes.slice(-64) }), 'bad-signature'],
  'signed with noise': () => [signed({ signature: randomBytes(64) }), 'bad-signature'],
  'of another job': () => {
    return [good(pick(keys), pick(jobKinds), NETWORK, OTHER_JOB, bodiesOfOtherJob), 'wrong-job']
  },
  'of another network': () => [good(pick(keys), pick(KINDS), OTHER_NETWORK), 'wrong-network'],
  'of a stranger': () => [good(pick(strangers), pick(jobKinds)), 'unknown-peer'],
  noise: () => [{ ...pick(accepted), bytes: randomBytes(draw(300)) }, 'malformed'],
  'signed noise': () => [signed({ body: randomBytes(draw(64)) }), 'bad-body'],
  'a body of another kind': () => [
    signed({ kind: 'progress', body: bodies[pick(small.filter(k => k !== 'progress'))] }),
    'bad-body',
  ],
  'a flipped bit'() {
    const { key, kind, bytes } = good()
    bytes[draw(bytes.length)]! ^= 1 << draw(8)
    return [{ key, kind, bytes }, 'any']
  },
  'a flipped bit of an old message'() {
    const { key, kind, bytes } = pick(accepted)
    const flipped = new Uint8Array(bytes)
    flipped[draw(bytes.length)]! ^= 1 << draw(8)
    return [{ key, kind, bytes: flipped }, 'any']
  },
}

const known = new Set(keys.map(({ peer }) => peer))
const guard = createGuard({
  network: NETWORK,
  verifySignature: verifyEd25519,
  isKnown: sender => known.has(sender),
  mayStrangersSend: kind => kind === 'presence',
  isJobKnown: job => job === JOB,
  maxSenders: MAX_SENDERS,
})
const expected: Record<string, number> = { ok: 0, ...Object.fromEntries(REJECTIONS.map(code => [code, 0])) }
let delivered = 0

function deliver(letter: Letter, outcome: RejectionCode | 'ok' | 'any'): void {
  const { key, kind, bytes } = letter
  const opened = openMessage(guard, bytes, { channel: MESSAGE_KINDS[kind].channel, remote: key.peer })
  const found = opened.ok ? 'ok' : opened.code
  delivered++
  expected[outcome === 'any' ? found : outcome]!++
  if (outcome === 'any' ? opened.ok : found !== outcome)
    throw new Error(`message ${delivered}: ${found}, not ${outcome}`)
  // A stranger that was forgotten may be heard again: the price of bounded memory.
  if (found === 'ok' && known.has(key.peer) && accepted.length < 5000) accepted.push(letter)
}

it('survives 120,000 messages, accepts the good ones only, and calls the others by name', () => {
  const ways = Object.values(BAD)
  for (let i = 0; i < 100; i++) deliver(good(), 'ok')
  while (delivered < MESSAGES) {
    const way = draw(10)
    if (way === 0) deliver(good(), 'ok')
    else if (way === 1 && delivered % 10 === 0) deliver(good(pick(strangers), 'presence'), 'ok')
    else deliver(...pick(ways)())
  }
  expect({ ok: guard.accepted, ...guard.rejected }).toEqual(expected)
  expect(Object.values(guard.rejected).reduce((sum, count) => sum + count, guard.accepted)).toBe(delivered)
  expect(guard.known.size).toBe(keys.length)
  expect(guard.strangers.size).toBe(MAX_SENDERS)
  for (const code of ['ok', ...REJECTIONS].filter(c => c !== 'wrong-channel'))
    expect(expected[code]).toBeGreaterThan(100)
})
