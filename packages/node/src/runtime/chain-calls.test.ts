import { type ChainClient, earningsTree } from '@cairn/contracts'
import { decodeUtf8 } from '@cairn/primitives'
import {
  type Account,
  type CoordinatorState,
  DEFAULT_SETTINGS,
  emptyCoordinator,
  type JobId,
  type JobRecord,
} from '@cairn/protocol'
import { expect, test } from 'vitest'
import type { Storage } from '../storage/open-storage.ts'
import { assertedLeaves, makeCall } from './chain-calls.ts'
import type { JobView } from './chain-watch.ts'
import type { NodeParts } from './parts.ts'

const JOB = 'a'.repeat(64) as JobId
const WORKER = `0x${'1'.repeat(40)}` as Account
const COORDINATOR = `0x${'2'.repeat(40)}` as Account

const SETTLED = { state: 'settled', outcome: { kind: 'trained', commitment: { worker: 'w', custody: [] } } }

/** A job of whose anchored rounds each has one settled unit, and one after them so many. */
const jobWith = (anchored: number, rest: number, settledRounds = anchored): JobRecord =>
  ({
    facts: { job: JOB, custodians: 0 },
    rounds: [...Array.from({ length: anchored }, () => ({ units: [SETTLED] })), { units: Array(rest).fill(SETTLED) }],
    chain: { anchored, earnings: { settledRounds } },
  }) as unknown as JobRecord

const stateWith = (job: JobRecord): CoordinatorState =>
  ({
    ...emptyCoordinator({ account: COORDINATOR, ...DEFAULT_SETTINGS }),
    nodes: new Map([['w', { peer: 'w', account: WORKER }]]),
    jobs: new Map([[JOB, job]]),
  }) as unknown as CoordinatorState

const rootOf = (trained: bigint, coordinated: bigint): string => {
  const none = { trained: 0n, evaluated: 0n, kept: 0n, coordinated: 0n }
  const leaves = [
    { job: JOB, account: WORKER, counts: { ...none, trained } },
    { job: JOB, account: COORDINATOR, counts: { ...none, coordinated } },
  ]
  return earningsTree(leaves).root
}

function notes(): Pick<Storage, 'facts'> {
  const all = new Map<string, Uint8Array>()
  const facts = { get: (key: string) => all.get(key), set: (key: string, value: Uint8Array) => all.set(key, value) }
  return { facts } as unknown as Pick<Storage, 'facts'>
}

/** Asserts on a chain that cannot be written to: what is noted is noted before. */
async function assertOn(storage: Pick<Storage, 'facts'>, job: JobRecord, final: boolean): Promise<void> {
  const parts = { storage, client: { addresses: {} } as ChainClient } as NodeParts
  const calling = { parts, state: stateWith(job), job, view: { anchors: { epoch: 1 } } as JobView }
  const call = { call: 'assertEarnings', rounds: job.chain.anchored, final } as const
  await expect(makeCall(calling, call)).rejects.toMatchObject({ code: 'NoKey' })
}

const trainedBy = (found: Uint8Array | undefined) =>
  found && (JSON.parse(decodeUtf8(found)) as string[][]).find(([account]) => account === WORKER)?.[1]

test('a last assertion after as many rounds leaves the leaves of the settled one where they are', async () => {
  const storage = notes()
  await assertOn(storage, jobWith(16, 0), false)
  const last = jobWith(16, 1)
  await assertOn(storage, last, true)
  const nothingKnown = emptyCoordinator({ account: COORDINATOR, ...DEFAULT_SETTINGS })
  expect(trainedBy(assertedLeaves(storage, nothingKnown, JOB, rootOf(16n, 16n)))).toBe('16')
  expect(trainedBy(assertedLeaves(storage, nothingKnown, JOB, rootOf(17n, 16n)))).toBe('17')
})

test('leaves without a note are counted anew, and given out only if they have the root that is asked for', () => {
  const found = (job: JobRecord, root: string) => trainedBy(assertedLeaves(notes(), stateWith(job), JOB, root))
  expect(found(jobWith(20, 0), rootOf(20n, 20n))).toBe('20')
  expect(found(jobWith(20, 0, 16), rootOf(16n, 16n))).toBe('16')
  expect(found(jobWith(20, 0), rootOf(16n, 16n))).toBeUndefined()
})
