import { encodeHex, type HashHex, hashFromHex, InternalError } from '@cairn/primitives'
import { describe, expect, it, test } from 'vitest'
import { attestationStatement } from '../audit.ts'
import {
  attestationOf,
  commitmentStatement,
  createGuard,
  custodyStatement,
  evaluationStatement,
  type Guard,
  type GuardRules,
  heldOf,
  isCustody,
  isSignedAttestation,
  isSignedCommitment,
  isSignedEvaluation,
  MESSAGE_KINDS,
  type MessageBodies,
  type MessageKind,
  nextSequence,
  openMessage,
  revealBytes,
  sealMessage,
} from '../messages.ts'
import {
  exampleBodies,
  JOB,
  NETWORK,
  OTHER_JOB,
  OTHER_NETWORK,
  signedCommitment,
  signedEvaluation,
} from './testing/examples.ts'
import { testKey, verifyEd25519 } from './testing/node-keys.ts'
import { encodeEnvelope, encodeWire } from './wire.ts'

const worker = testKey(1)
const custodians = [testKey(2), testKey(3)]
const stranger = testKey(9)
const bodies = exampleBodies(worker, custodians)
const kinds = Object.keys(MESSAGE_KINDS) as MessageKind[]
let verified = 0

const guardOf = (rules: Partial<GuardRules> = {}): Guard =>
  createGuard({
    network: NETWORK,
    verifySignature: (...args) => {
      verified++
      return verifyEd25519(...args)
    },
    isKnown: sender => sender === worker.peer,
    mayStrangersSend: kind => kind === 'presence',
    isJobKnown: job => job === JOB,
    ...rules,
  })

const seal = <Kind extends MessageKind>(kind: Kind, sequence = 1, changes: Partial<MessageBodies[Kind]> = {}) =>
  sealMessage<Kind>(worker, {
    network: NETWORK,
    kind,
    sequence,
    ...(MESSAGE_KINDS[kind].scope === 'job' ? { job: JOB } : {}),
    body: { ...bodies[kind], ...changes },
  })

/** Signs what `sealMessage` would refuse. */
function forge(kind: string, { sequence = 1, job = JOB as string, body = {} as unknown, network = NETWORK } = {}) {
  const envelope = encodeEnvelope({
    network: hashFromHex(network),
    kind,
    sequence,
    job: job === '' ? undefined : hashFromHex(job),
    body,
  })
  return encodeWire({ envelope, publicKey: worker.publicKey, signature: worker.sign(envelope) })
}

const arrival = (kind: MessageKind) => ({ channel: MESSAGE_KINDS[kind].channel, remote: worker.peer })
const direct = arrival('lease')
const codeOf = (bytes: Uint8Array, guard = guardOf(), from = direct) => {
  const opened = openMessage(guard, bytes, from)
  return opened.ok ? 'ok' : opened.code
}

describe('a message', () => {
  it.each(kinds)('of kind %s arrives as it was sent', kind => {
    const opened = openMessage(guardOf(), seal(kind, 42), arrival(kind))
    expect(opened).toEqual({
      ok: true,
      message: {
        kind,
        sender: worker.peer,
        sequence: 42,
        ...(MESSAGE_KINDS[kind].scope === 'job' ? { job: JOB } : {}),
        body: bodies[kind],
      },
    })
  })

  it('is accepted once, and not after a later one of its channel', () => {
    const guard = guardOf()
    expect([3, 3, 2, 4].map(sequence => codeOf(seal('release', sequence), guard))).toEqual([
      'ok',
      'replayed',
      'replayed',
      'ok',
    ])
    expect(codeOf(seal('presence', 1), guard, arrival('presence'))).toBe('ok') // another channel
    expect(guard.accepted).toBe(3)
    expect(guard.rejected.replayed).toBe(2)
  })

  it('is judged by cheap checks before any signature is verified', () => {
    verified = 0
    const padded = { lease: 1, reason: 'x'.repeat(5000) }
    expect(codeOf(new Uint8Array(5 * 2 ** 20))).toBe('oversized')
    expect(codeOf(forge('release', { body: padded }))).toBe('oversized')
    expect(codeOf(new Uint8Array(100))).toBe('malformed')
    expect(codeOf(forge('gossip'))).toBe('malformed')
    expect(codeOf(forge('toString'))).toBe('malformed')
    expect(codeOf(forge('release', { network: OTHER_NETWORK }))).toBe('wrong-network')
    expect(codeOf(seal('presence'))).toBe('wrong-channel')
    expect(codeOf(seal('release'), guardOf(), { ...direct, remote: stranger.peer })).toBe('wrong-sender')
    expect(codeOf(seal('release'), guardOf({ isKnown: () => false }))).toBe('unknown-peer')
    expect(codeOf(forge('release', { job: OTHER_JOB }))).toBe('wrong-job')
    expect(codeOf(forge('release', { job: '' }))).toBe('wrong-job')
    expect(codeOf(forge('presence', { job: JOB }), guardOf(), arrival('presence'))).toBe('wrong-job')
    expect(verified).toBe(0)
  })

  it('is not accepted when anybody else has signed it', () => {
    const guard = guardOf()
    const wire = seal('release')
    wire[wire.length - 1]! ^= 1
    expect(codeOf(wire, guard)).toBe('bad-signature')
    expect(codeOf(seal('release'), guard)).toBe('ok') // a forgery uses up no sequence
  })

  it.each<[string, MessageKind, unknown]>([
    ['nothing', 'release', null],
    ['a missing key', 'release', { lease: 1 }],
    ['an unknown key', 'release', { lease: 1, reason: '', more: 1 }],
    ['a negative integer', 'release', { lease: -1, reason: '' }],
    ['too long a text', 'release', { lease: 1, reason: 'x'.repeat(201) }],
    ['upper-case hex', 'pinned', { roots: ['AA'.repeat(32)] }],
    ['an unknown outcome', 'commit', { outcome: 'slept', lease: 1 }],
    ['a unit of another job', 'commit', { ...bodies.commit, commitment: withUnitOf(OTHER_JOB) }],
    ['a salt of 31 bytes', 'revealed', { ...bodies.revealed, salt: new Uint8Array(31) }],
    ['a salt of 33 bytes', 'opened', { ...bodies.opened, salt: new Uint8Array(33) }],
    ['an empty list', 'open', { ...bodies.open, list: [] }],
    [
      'more seals than a unit has',
      'open',
      { ...bodies.open, list: Array.from({ length: 9 }, () => bodies.open.list[0]) },
    ],
    ['a sealed unit of another job', 'seal', { ...bodies.seal, unit: { ...bodies.seal.unit, job: OTHER_JOB } }],
    ['no ends', 'audit', { ...bodies.audit, ends: [] }],
    [
      'an attested unit of another job',
      'attest',
      { ...bodies.attest, unit: { ...bodies.attest.unit, job: OTHER_JOB } },
    ],
    ['an integer beyond 2^53', 'progress', { lease: 2n ** 60n, done: 0, lossBits: 0 }],
    ['a space in an address', 'pin', { ...bodies.pin, sources: [{ peer: worker.peer, addresses: ['/ip4/ x'] }] }],
  ])('with %s in its body is dropped', (_, kind, body) => {
    expect(codeOf(forge(kind, { body }))).toBe('bad-body')
  })

  it('that this node made wrong is a bug of this node', () => {
    expect(() => seal('release', 1, { reason: 'x'.repeat(201) })).toThrow(InternalError)
    expect(() => seal('submitted', 1, { document: new Uint8Array(2 ** 20) })).toThrow(InternalError)
    expect(() => seal('report', 1, { outcome: { globalRoot: '0'.repeat(64) as HashHex } })).toThrow(InternalError)
    expect(() => sealMessage(worker, { network: NETWORK, kind: 'ended', sequence: 1, body: bodies.ended })).toThrow(
      InternalError,
    )
  })
})

test('what is said of steps is never longer than its bound, and not much shorter', () => {
  const bits = 0xffff_ffff
  const hashes = (length: number) => Array.from({ length }, () => bodies.attest.claim)
  const values = (length: number, tensors: number) =>
    Array.from({ length }, () => ({ lossBits: bits, normBits: Array.from({ length: tensors }, () => bits) }))
  for (const [innerSteps, checkpoints, tensors] of [
    [1, 1, 1],
    [300, 7, 40],
    [4096, 5, 12],
  ] as const) {
    const segment = Math.ceil(innerSteps / checkpoints)
    const bound = revealBytes({ innerSteps, checkpoints, tensors, evaluationBatches: segment })
    const places = { round: 2 ** 52, index: 2 ** 31, segment: 2 ** 31 }
    const reveal = { ...places, values: values(segment, tensors), others: hashes(innerSteps - segment) }
    const { length } = seal('revealed', 2 ** 52, reveal)
    expect(length).toBeLessThanOrEqual(bound)
    expect(length).toBeGreaterThan(0.75 * (bound - 1_280))
    const ends = hashes(4)
    expect(seal('attest', 2 ** 52, { steps: hashes(segment), ends }).length).toBeLessThanOrEqual(bound)
  }
  expect(revealBytes({ innerSteps: 10, checkpoints: 1, tensors: 1, evaluationBatches: 100 })).toBe(1_280 + 6_600)
})

describe('a guard', () => {
  it('forgets strangers when they are many, and no known sender for them', () => {
    const guard = guardOf({ maxSenders: 10 })
    expect(codeOf(seal('release', 5), guard)).toBe('ok')
    for (let i = 0; i < 50; i++) {
      const wire = sealMessage(testKey(100 + i), {
        network: NETWORK,
        kind: 'presence',
        sequence: 1,
        body: bodies.presence,
      })
      expect(codeOf(wire, guard, arrival('presence'))).toBe('ok')
    }
    expect(guard.strangers.size).toBe(10)
    expect(codeOf(seal('release', 5), guard)).toBe('replayed')
  })

  it('keeps the sequences of a stranger that becomes known', () => {
    const known = new Set<string>()
    const guard = guardOf({ isKnown: sender => known.has(sender) })
    expect(codeOf(seal('presence', 5), guard, arrival('presence'))).toBe('ok')
    known.add(worker.peer)
    expect(codeOf(seal('release', 3), guard)).toBe('ok')
    expect(codeOf(seal('presence', 5), guard, arrival('presence'))).toBe('replayed')
    expect([guard.known.size, guard.strangers.size]).toEqual([1, 0])
  })
})

describe('statements', () => {
  const unit = { job: JOB, round: 3, replica: 1, kind: 'train' } as const
  const commitment = signedCommitment(unit, worker, custodians)
  const evaluation = signedEvaluation(unit, worker)

  it('hold for those who signed them', () => {
    expect(isSignedCommitment(verifyEd25519, commitment)).toBe(true)
    expect(isSignedEvaluation(verifyEd25519, evaluation)).toBe(true)
    expect(isSignedAttestation(verifyEd25519, worker.peer, bodies.attest)).toBe(true)
    expect(isCustody(verifyEd25519, heldOf(commitment.commitment), commitment.custody[1]!)).toBe(true)
  })

  it('do not hold for another, or after a change', () => {
    const [custody] = commitment.custody
    const lossBits = commitment.commitment.lossBits ^ 1
    expect(isSignedCommitment(verifyEd25519, { ...commitment, worker: stranger.peer })).toBe(false)
    expect(
      isSignedCommitment(verifyEd25519, { ...commitment, commitment: { ...commitment.commitment, lossBits } }),
    ).toBe(false)
    expect(isSignedCommitment(verifyEd25519, { ...commitment, custody: [{ ...custody!, peer: worker.peer }] })).toBe(
      false,
    )
    const another = { ...custody!, account: `0x${'0'.repeat(40)}` }
    expect(isSignedCommitment(verifyEd25519, { ...commitment, custody: [another] })).toBe(false)
    expect(isSignedEvaluation(verifyEd25519, { ...evaluation, correct: 42 })).toBe(false)
    expect(isSignedEvaluation(verifyEd25519, { ...evaluation, stepsRoot: evaluation.saltHash })).toBe(false)
    expect(isSignedAttestation(verifyEd25519, stranger.peer, bodies.attest)).toBe(false)
    expect(isSignedAttestation(verifyEd25519, worker.peer, { ...bodies.attest, segment: 1 })).toBe(false)
  })

  it('of different kinds are never the same bytes', () => {
    const held = { ...heldOf(commitment.commitment), account: `0x${'0'.repeat(40)}` }
    const all = [commitmentStatement(commitment.commitment), custodyStatement(held)]
    const texts = [...all, evaluationStatement(evaluation), attestationStatement(attestationOf(bodies.attest))]
    expect(new Set(texts.map(encodeHex).map(text => text.slice(0, 40))).size).toBe(4)
  })
})

it('numbers messages upwards, also when the clock goes back', () => {
  expect(nextSequence(0, 1_000)).toBe(1_000_000)
  expect(nextSequence(1_000_000, 1_000)).toBe(1_000_001)
  expect(nextSequence(1_000_000, 900)).toBe(1_000_001)
})

function withUnitOf(job: typeof JOB) {
  return signedCommitment({ job, round: 3, replica: 1, kind: 'train' }, worker, custodians)
}
