import { provableHash } from '@cairn/contracts'
import { encodeHex, encodeUtf8, type HashHex } from '@cairn/primitives'
import {
  type Account,
  type BlobPart,
  bytesBlob,
  bytesId,
  custodyStatement,
  isSignedCommitment,
  type JobId,
  type LeaseMessage,
  type MessageBodies,
  type Unit,
} from '@cairn/protocol'
import { modelOf, replicaSlots, type Submission, stateParts, updateSlots, zeroState } from '@cairn/training'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sha256 } from '../files/hash.ts'
import { signerOf, verifySignature } from '../network/signing.ts'
import { cleanUp } from '../network/testing/clean-up.ts'
import { testSeed } from '../network/testing/test-host.ts'
import { signKept, signLease } from './account-signing.ts'
import { keepOf } from './custody.ts'
import { dataReason, isEndNoted, roundReason } from './retention.ts'
import {
  accountOf,
  COORDINATOR,
  signingOf,
  type TestWorker,
  testWorker,
  tinySubmission,
  viewOf,
} from './testing/test-worker.ts'

const [CUSTODIAN, OTHER, STRANGER] = [2, 3, 4].map(number => signerOf(testSeed(number))) as [Signer, Signer, Signer]
type Signer = ReturnType<typeof signerOf>

const submission: Submission = tinySubmission()
const { job, document, documentId } = submission
const unit: Unit = { job, round: 0, replica: 0, kind: 'train' }
const rootOf = (digit: string) => digit.repeat(64) as HashHex

let worker: TestWorker
beforeEach(async () => {
  worker = await testWorker()
  worker.chain.set(job, viewOf(submission))
  worker.provable = submission.provable
})
afterEach(cleanUp)

const waitFor = (holds: () => boolean) => vi.waitFor(() => expect(holds()).toBe(true), { timeout: 10_000, interval: 5 })
const sent = (kind: string) => worker.sent.filter(message => message.kind === kind)
const settled = () => new Promise(resolve => setTimeout(resolve, 50))

const leaseOf = (globalRoot: HashHex) =>
  ({
    ...{ lease: 1, unit, deadlineMs: 2 ** 40, document: documentId, globalRoot, claims: [], sources: [] },
    custodians: [CUSTODIAN, OTHER].map(({ peer }) => ({ peer, addresses: [] })),
    custodiansNeeded: 1,
  }) as MessageBodies['lease']

/** Makes it a job that begins from another state. */
function beginsFrom(initialRoot: HashHex): void {
  worker.provable = { ...submission.provable, initialRoot }
  const view = viewOf(submission)
  worker.chain.set(job, { ...view, terms: { ...view.terms, provable: provableHash(worker.provable) } })
}

/** Has the worker at a unit whose inputs are here. */
async function lease(globalRoot: HashHex): Promise<void> {
  for (const { parts } of submission.blobs) await worker.blobs.write(parts)
  worker.hear(COORDINATOR, job, 'lease', leaseOf(globalRoot))
}

describe('a worker of a job whose terms are about another', () => {
  test.each([
    ['another program', { provable: rootOf('d') }, 'not about the job in its document'],
    ['more replicas', { replicas: 3 }, '3 replicas instead of 2'],
  ])('does nothing for it: %s', async (_, changed, reason) => {
    const view = viewOf(submission)
    worker.chain.set(job, { ...view, terms: { ...view.terms, ...changed } })
    worker.start()
    await lease(rootOf('f'))
    await waitFor(() => worker.reasons.some(text => text.includes(reason)))
    expect(worker.fetched).toEqual([])
  })
})

describe('a worker of a job whose units have bonds', () => {
  const about = { epoch: 3, until: Math.ceil(2 ** 40 / 1000), custodians: [accountOf(CUSTODIAN.peer) as Account] }
  const message: LeaseMessage = {
    ...{ of: 'lease', job, round: 0, index: 0, ...about },
    worker: accountOf(signerOf(testSeed(1)).peer) as Account,
  }

  async function hearLease(changed: Partial<LeaseMessage>, by = COORDINATOR): Promise<void> {
    const signed = await signLease(signingOf(by), { ...message, ...changed })
    worker.hear(COORDINATOR, job, 'lease', { ...leaseOf(rootOf('f')), signed })
  }
  const released = () => sent('release').map(({ body }) => (body as MessageBodies['release']).reason)

  beforeEach(() => {
    worker.chain.set(job, viewOf(submission, { unitBond: 1n }))
  })

  test('takes a lease that it can show the chain', async () => {
    const host = worker.start()
    await hearLease({})
    expect(host.state().jobs.get(job)?.task?.body.lease).toBe(1)
    expect(released()).toEqual([])
  })

  test.each([
    ['that ends before its time', { until: 2 ** 20 }, 'ends before it'],
    [
      'with more custodians than have to sign',
      { custodians: [1, 2].map(() => message.custodians[0]!) },
      'more custodians',
    ],
    ['that is for another account', { worker: accountOf(STRANGER.peer) as Account }, 'not signed by who holds'],
    ['that is for another unit', { index: 1 }, 'not signed by who holds'],
  ])('gives a lease back %s', async (_, changed, reason) => {
    worker.start()
    await hearLease(changed)
    expect(released()).toEqual([expect.stringContaining(reason)])
  })

  test('gives a lease back that nobody signed, or somebody else', async () => {
    worker.start()
    worker.hear(COORDINATOR, job, 'lease', leaseOf(rootOf('f')))
    await hearLease({}, STRANGER.peer)
    expect(released()).toEqual([
      expect.stringContaining('not signed: '),
      expect.stringContaining('not signed by who holds'),
    ])
  })

  test('reads the chain for a lease of an epoch that it does not know yet, and gives nothing back', async () => {
    worker.start()
    await hearLease({ epoch: 4 })
    expect(worker.refreshed).toBe(1)
    expect(released()).toEqual([])
  })
})

test('a worker gives a unit back that is to begin from another state than its job', async () => {
  worker.start()
  await lease(await worker.blobs.write(bytesBlob(encodeUtf8('a state'))))
  await waitFor(() => sent('release').length > 0)
  expect(sent('release')[0]?.body).toMatchObject({ reason: expect.stringContaining('another state than the job') })
})

describe('a worker whose unit is to be kept', () => {
  const roots = { updateRoot: rootOf('a'), newReplicaRoot: rootOf('b') }

  async function answer({ peer, sign }: Signer, claimed: typeof roots, by = peer): Promise<void> {
    const account = accountOf(peer)
    const statement = custodyStatement({ job, round: 0, replica: 0, ...claimed, account })
    const { body } = sent('keep')[0] as { body: MessageBodies['keep'] }
    const claimSignature = await signKept(signingOf(by), keepOf(body, worker.peer))
    const signatures = { signature: encodeHex(sign(statement)), claimSignature }
    worker.hear(peer, job, 'kept', { unit, ...claimed, account, ...signatures })
  }

  beforeEach(async () => {
    const globalRoot = await worker.blobs.write(bytesBlob(encodeUtf8('a state')))
    beginsFrom(globalRoot)
    const more = { globalRoot, replicaRoot: rootOf('c'), checkpointRoots: [], lossBits: 1 }
    worker.commitment = { unit, ...roots, ...more }
    worker.start()
    await lease(globalRoot)
    await waitFor(() => sent('keep').length > 0)
  })

  test('commits with the signature of a custodian that it has asked', async () => {
    await answer(CUSTODIAN, roots)
    const body = sent('commit')[0]?.body as Extract<MessageBodies['commit'], { outcome: 'trained' }>
    expect(body.commitment.custody.map(({ peer }) => peer)).toEqual([CUSTODIAN.peer])
    expect(isSignedCommitment(verifySignature, body.commitment)).toBe(true)
  })

  test('does not with a good signature over other blobs, nor with that of whom it has not asked', async () => {
    await answer(CUSTODIAN, { ...roots, updateRoot: rootOf('d') })
    await answer(CUSTODIAN, { ...roots, newReplicaRoot: rootOf('d') })
    await answer(STRANGER, roots)
    expect(sent('commit')).toEqual([])
  })

  test('does not with a signature that its chain would not take for the custodian', async () => {
    await answer(CUSTODIAN, roots, OTHER.peer)
    expect(sent('commit')).toEqual([])
  })
})

describe('a worker that is asked to keep blobs', () => {
  const state = { globalRoot: rootOf('1'), replicaRoot: rootOf('2'), checkpointRoots: [], lossBits: 1 }
  const committed = { ...state, saltHash: rootOf('3'), stepsRoot: rootOf('4') }
  const ask = (about: Partial<Unit>, updateRoot = rootOf('a'), newReplicaRoot = rootOf('b')) => {
    const asked = { ...unit, ...about }
    const holder = { peer: STRANGER.peer, addresses: [] }
    const commitment = { ...committed, unit: asked, updateRoot, newReplicaRoot }
    worker.hear(STRANGER.peer, asked.job, 'keep', { commitment, holder } as MessageBodies['keep'])
  }
  const writeState = (slots: Parameters<typeof zeroState>[0]) =>
    worker.blobs.write(stateParts(slots, zeroState(slots)) as BlobPart[])

  test('fetches those of units that the job has, while it is not over', async () => {
    const host = worker.start()
    ask({ round: document.spec.schedule.rounds })
    ask({ replica: document.spec.schedule.replicas })
    ask({ kind: 'evaluate' })
    ask({ job: rootOf('9') as string as JobId })
    worker.chain.set(job, viewOf(submission, { status: 'closed' }))
    ask({})
    expect([host.state().keeps.size, host.state().jobs.size]).toEqual([0, 0])
    worker.chain.set(job, viewOf(submission))
    ask({})
    await waitFor(() => worker.fetched.length === 2)
  })

  test('signs for none that no unit of the job leaves behind', async () => {
    worker.start()
    await lease(rootOf('f'))
    await waitFor(() => worker.fetched.some(({ id }) => id === rootOf('f')))
    const model = modelOf(document.spec, document.vocabulary)
    const update = await writeState(updateSlots(model))
    const replica = await writeState(replicaSlots(model, document.spec.outer.innerState))
    const garbage = await worker.blobs.write(bytesBlob(encodeUtf8('so I say')))
    ask({ round: 1 }, garbage, replica)
    ask({ round: 2 }, update, garbage)
    ask({ round: 3 }, replica, update)
    ask({ round: 4 }, update, replica)
    await waitFor(() => sent('kept').length > 0)
    await settled()
    expect(sent('kept').map(({ body }) => (body as MessageBodies['kept']).unit.round)).toEqual([4])
  })
})

describe('a worker that is sent a round document', () => {
  const bytes = encodeUtf8('a round document')
  const id = bytesId(sha256, bytes)

  beforeEach(() => {
    for (const round of [0, 1, 2]) worker.storage.pins.pin(rootOf(String(round)), roundReason(job, round), 0)
    worker.anchors.push({ round: 2, documentId: id })
    worker.start()
  })

  test('keeps it when the chain holds it, and lets older rounds go when they cannot be gone back to', async () => {
    const tell = () => worker.hear(COORDINATOR, job, 'anchored', { round: 2, document: bytes })
    const kept = () => worker.storage.pins.reasonsFrom('job/')
    worker.chain.set(job, viewOf(submission, { rounds: 3, finalRounds: 2 }))
    tell()
    await waitFor(() => worker.storage.pins.reasonsOf(id).length > 0)
    expect(await worker.blobs.has(id)).toBe(true)
    await settled()
    expect(kept()).toEqual([dataReason(job), ...[0, 1, 2].map(round => roundReason(job, round))])
    worker.chain.set(job, viewOf(submission, { rounds: 3, finalRounds: 3 }))
    tell()
    await waitFor(() => kept().length < 4)
    expect(kept()).toEqual([dataReason(job), roundReason(job, 1), roundReason(job, 2)])
  })

  test('does neither with another one, nor with one of a round that is none', async () => {
    const other = encodeUtf8('another document')
    worker.hear(COORDINATOR, job, 'anchored', { round: 2, document: other })
    worker.hear(COORDINATOR, job, 'anchored', { round: 99, document: bytes })
    await settled()
    expect(await worker.blobs.list()).toEqual([])
    expect(worker.storage.pins.reasonsFrom('job/')).toHaveLength(3)
  })
})

describe('a worker that is asked to hold the data of a job', () => {
  const sources = [STRANGER, CUSTODIAN].map(({ peer }) => ({ peer, addresses: ['/ip4/127.0.0.1/tcp/1'] }))
  const ask = (id: HashHex, sender = STRANGER.peer) =>
    worker.hear(sender, job, 'pin', { document: id, roots: [], sources })

  test('asks the sender for it, and learns the address of nobody else', async () => {
    const { parts } = submission.blobs.find(({ id }) => id === documentId)!
    await worker.blobs.write(parts)
    worker.start()
    ask(documentId)
    await waitFor(() => worker.fetched.length > 0)
    expect(new Set(worker.fetched.flatMap(({ from }) => from))).toEqual(new Set([STRANGER.peer]))
    expect(new Set(worker.learned.map(({ peer }) => peer))).toEqual(new Set([STRANGER.peer]))
  })

  test('hears nothing of addresses, and asks nobody, when the chain names another document or the job is over', async () => {
    worker.start()
    ask(rootOf('a'))
    worker.chain.set(job, viewOf(submission, { status: 'closed' }))
    ask(documentId)
    await settled()
    expect([worker.fetched, worker.learned]).toEqual([[], []])
  })
})

test('a worker that hears from its coordinator that a job is over forgets nothing before the chain says so', async () => {
  worker.start()
  const tell = () => worker.hear(COORDINATOR, job, 'ended', { outcome: 'cancelled', reason: 'so it says' })
  tell()
  await settled()
  expect(isEndNoted(worker.storage, job)).toBe(false)
  worker.chain.set(job, viewOf(submission, { status: 'closed', rounds: 3 }))
  tell()
  await settled()
  expect(isEndNoted(worker.storage, job)).toBe(true)
})

describe('a worker that was away when a job ended', () => {
  const HOUR_MS = 3600 * 1000
  afterEach(() => void vi.useRealTimers())

  /** Lets hours pass, one at a time: what is due in one looks at the disk. */
  async function pass(hours: number): Promise<void> {
    for (let hour = 0; hour < hours; hour++) {
      vi.advanceTimersByTime(HOUR_MS)
      await settled()
    }
  }

  async function keep(text: string, reason: string): Promise<void> {
    worker.storage.pins.pin(await worker.blobs.write(bytesBlob(encodeUtf8(text))), reason, 0)
  }

  test('lets its blobs go a day after it has found out, and those of rounds that are long anchored at once', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    for (const round of [1, 7, 8]) await keep(`of round ${round}`, roundReason(job, round))
    await keep('data', dataReason(job))
    worker.chain.set(job, viewOf(submission, { status: 'closed', rounds: 9 }))
    worker.start()
    expect(isEndNoted(worker.storage, job)).toBe(true)
    await pass(2)
    expect(await worker.blobs.list()).toHaveLength(3)
    await pass(21)
    expect(await worker.blobs.list()).toHaveLength(3)
    await pass(4)
    expect(await worker.blobs.list()).toEqual([])
  })

  test('finds out within the hour when it was not told, and follows the job no more', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
    const host = worker.start()
    await lease(rootOf('f'))
    await settled()
    worker.chain.set(job, viewOf(submission, { status: 'closed' }))
    expect(host.state().jobs.size).toBe(1)
    await pass(1)
    expect([host.state().jobs.size, isEndNoted(worker.storage, job)]).toEqual([0, true])
  })
})
