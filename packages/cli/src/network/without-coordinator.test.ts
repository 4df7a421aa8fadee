/** Money of jobs whose coordinator is gone: on a real chain, with nobody else on it. */
import { randomBytes } from 'node:crypto'
import {
  addStake,
  assertEarnings,
  type ChainClient,
  cancelJob,
  claimsHash,
  earningsTree,
  endJob,
  finaliseRound,
  listAnchors,
  localParameters,
  readJob,
  registerNode,
  settleEarnings,
  signWork,
  submitJob,
  takeLease,
} from '@cairn/contracts'
import { madeUpClaim, withClaims } from '@cairn/contracts/conformance'
import { withdrawEarnings } from '@cairn/node'
import { toHashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type JobId,
  maximumPriceOf,
  NO_HASH,
  type Terms,
  workMessage,
} from '@cairn/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHALLENGE_SECONDS, startTestChain, type TestChain } from '../testing/local-chain.ts'
import { type CancelEvent, cancel, nextStep } from './cancel.ts'
import { openForWriting } from './open-chain.ts'

const WAIT_MS = 60_000
const TRAIN_PRICE = 7n
const TRAINED = { trained: 1n, evaluated: 0n, kept: 0n, coordinated: 0n, audited: 0n }
const NO_VERIFICATION = {
  policy: 0,
  provable: NO_HASH,
  auditRate: 0,
  verifiers: 0,
  auditPrice: 0n,
  maximumUnsettled: 1,
} as const

let network: TestChain
let [submitter, node] = [{} as ChainClient, {} as ChainClient]

const connect = async (key: string): Promise<ChainClient> => {
  await network.run('faucet', '--key', key)
  return (await openForWriting({ key, network: network.path })).client
}

beforeAll(async () => {
  network = await startTestChain()
  ;[submitter, node] = [await connect('submitter'), await connect('node')]
  await addStake(node, 10n * localParameters.minimumStake)
  // The chain cannot check the signature.
  await registerNode(node, { peerKey: randomBytes(32), signature: randomBytes(64) })
}, WAIT_MS)
afterAll(() => network?.chain.stop())

function newTerms(): Terms {
  const prices = { trainPrice: TRAIN_PRICE, evaluatePrice: 0n, custodyPrice: 0n, roundPrice: 0n }
  const counts = { rounds: 2, replicas: 1, evaluateEvery: 0, custodians: 0 }
  const document = toHashHex(randomBytes(32).toString('hex'))
  const terms = { document, budget: 0n, ...NO_VERIFICATION, ...prices, ...counts }
  return { ...terms, budget: maximumPriceOf(terms) }
}

const leavesOf = (job: JobId) => [{ job, account: node.account as Account, counts: TRAINED }]

/** The link that closes a cancelled job's chain with the one unit that was done. */
async function lastLink(job: JobId): Promise<Anchor> {
  const hash = toHashHex(randomBytes(32).toString('hex'))
  const before = { previousHead: NO_HASH, previousRoot: NO_HASH, previousClaims: NO_HASH }
  const about = { job, ...before, globalRoot: NO_HASH, documentId: hash, round: 0, audits: [] }
  const work = {
    worker: node.account as Account,
    index: 0,
    claim: madeUpClaim(hash),
    outer: '0x',
    custodians: [],
  } as const
  const anchor = { ...about, coordinator: node.account as Account, works: [{ ...work, signature: '0x' as const }] }
  return { ...anchor, works: [{ ...work, signature: await signWork(node, workMessage(anchor, work, 1, claimsHash)) }] }
}

/** A cancelled job of which one unit was done; its coordinator has said so, and is heard of no more. */
async function abandonedJob(): Promise<JobId> {
  const submitted = await submitJob(submitter, newTerms())
  if (!submitted.ok) throw new Error(submitted.reason)
  const { job } = submitted
  await takeLease(node, job)
  await cancelJob(submitter, job)
  const { coordinator: _, ...link } = await lastLink(job)
  expect(await endJob(node, withClaims({ ...link, epoch: 1 }))).toMatchObject({ ok: true })
  await network.advance(CHALLENGE_SECONDS)
  expect(await finaliseRound(node, (await listAnchors(node, job))[0]!)).toMatchObject({ ok: true })
  const { leaves } = earningsTree(leavesOf(job))
  const asserted = await assertEarnings(node, { job, epoch: 1, rounds: 0, leaves, isFinal: true })
  expect(asserted).toMatchObject({ ok: true })
  return job
}

test('a cancelled job that nobody settles is settled, closed and refunded by its submitter', {
  timeout: WAIT_MS,
}, async () => {
  const job = await abandonedJob()
  const events: CancelEvent[] = []
  const options = { key: 'submitter', network: network.path, wait: true, patienceMs: 0 }
  await cancel(job, options, event => events.push(event))
  expect(events.filter(({ event }) => event !== 'refused')).toMatchObject([
    { event: 'cancelled', job },
    { event: 'refunded', job, refund: TRAIN_PRICE, paid: TRAIN_PRICE },
  ])
  expect(await readJob(submitter, job)).toMatchObject({ status: 'closed', owed: TRAIN_PRICE })
})

test('what was earned is withdrawn though no coordinator answers: its leaves are on the chain', {
  timeout: WAIT_MS,
}, async () => {
  const jobs = [await abandonedJob(), await abandonedJob()]
  await network.advance(CHALLENGE_SECONDS)
  for (const job of jobs) expect(await settleEarnings(node, job)).toMatchObject({ ok: true })
  const silent = { chain: node, answers: async () => [] }
  const account = node.account as Account
  const withdrawn = await withdrawEarnings(silent, account)
  for (const job of jobs)
    expect(withdrawn).toContainEqual(
      expect.objectContaining({
        job,
        earned: TRAIN_PRICE,
        result: expect.objectContaining({ ok: true, amount: TRAIN_PRICE }),
      }),
    )
  expect((await withdrawEarnings(silent, account)).map(({ job }) => job)).not.toContain(jobs[0])
})

describe('for a cancelled job anybody', () => {
  const job = { status: 'cancelled', cancelEndsAtSeconds: 100 } as const
  const pending = { settlesAtSeconds: 90 }

  test('settles an assertion whose window has passed, and not before', () => {
    expect(nextStep(job, pending, 89_999)).toBe('wait')
    expect(nextStep(job, pending, 90_000)).toBe('settle')
    expect(nextStep(job, pending, 200_000)).toBe('settle')
  })

  test('closes it when all is settled, or when nothing can be asserted any more', () => {
    expect(nextStep(job, undefined, 100_000)).toBe('wait')
    expect(nextStep(job, undefined, 100_001)).toBe('close')
    expect(nextStep({ ...job, status: 'final' }, undefined, 0)).toBe('close')
  })
})
