import { type ChainClient, earningsTree } from '@cairn/contracts'
import { decodeUtf8 } from '@cairn/primitives'
import {
  type Account,
  type CoordinatorState,
  type Counts,
  DEFAULT_SETTINGS,
  emptyCoordinator,
  type JobId,
  type JobRecord,
  noCounts,
} from '@cairn/protocol'
import { expect, test } from 'vitest'
import type { Storage } from '../storage/open-storage.ts'
import { makeCall } from './chain-calls.ts'
import type { JobView } from './chain-watch.ts'
import { assertedLeaves } from './earnings-leaves.ts'
import type { NodeParts } from './parts.ts'

const JOB = 'a'.repeat(64) as JobId
const WORKER = `0x${'1'.repeat(40)}` as Account
const COORDINATOR = `0x${'2'.repeat(40)}` as Account

const commitment = { commitment: { unit: { replica: 0 } }, account: WORKER, claimSignature: '', custody: [] }
const UNIT = { state: 'committed', outcome: { kind: 'trained', commitment, claim: '' } }
const ROUND = { units: [UNIT], reports: new Map(), outers: [] }

/** A job of whose anchored rounds each has one unit, and the link that closed it, if any, another one. */
const jobWith = (anchored: number, isEnded: boolean, settledRounds = anchored): JobRecord =>
  ({
    facts: { job: JOB, replicas: 1 },
    rounds: Array.from({ length: anchored + Number(isEnded) }, (_, round) => ({ ...ROUND, round })),
    chain: { anchored, isEnded, earnings: { settledRounds } },
  }) as unknown as JobRecord

const stateWith = (job: JobRecord): CoordinatorState => ({
  ...emptyCoordinator({ account: COORDINATOR, ...DEFAULT_SETTINGS }),
  jobs: new Map([[JOB, job]]),
})

const earnedBy = (trained: bigint, coordinated: bigint): ReadonlyMap<Account, Counts> =>
  new Map([
    [WORKER, { ...noCounts, trained }],
    [COORDINATOR, { ...noCounts, coordinated }],
  ])

const rootOf = (trained: bigint, coordinated: bigint): string =>
  earningsTree([...earnedBy(trained, coordinated)].map(([account, counts]) => ({ job: JOB, account, counts }))).root

function notes(): Pick<Storage, 'facts'> {
  const all = new Map<string, Uint8Array>()
  const facts = { get: (key: string) => all.get(key), set: (key: string, value: Uint8Array) => all.set(key, value) }
  return { facts } as unknown as Pick<Storage, 'facts'>
}

/** Asserts on a chain that cannot be written to: what is noted is noted before. */
async function assertOn(storage: Pick<Storage, 'facts'>, job: JobRecord, final: boolean): Promise<void> {
  const parts = { storage, client: { addresses: {} } as ChainClient } as NodeParts
  const { anchored: rounds, isEnded } = job.chain
  const view = { anchors: { epoch: 1, isEnded } } as JobView
  const earned = async (_: JobId, { links }: { readonly links: number }) => earnedBy(BigInt(links), BigInt(rounds))
  const calling = { parts, state: stateWith(job), job, view, earned }
  await expect(makeCall(calling, { call: 'assertEarnings', rounds, final })).rejects.toMatchObject({ code: 'NoKey' })
}

const trainedBy = (found: Uint8Array | undefined) =>
  found && (JSON.parse(decodeUtf8(found)) as string[][]).find(([account]) => account === WORKER)?.[1]

test('a last assertion after as many rounds leaves the leaves of the settled one where they are', async () => {
  const storage = notes()
  await assertOn(storage, jobWith(16, false), false)
  await assertOn(storage, jobWith(16, true), true)
  const nothingKnown = emptyCoordinator({ account: COORDINATOR, ...DEFAULT_SETTINGS })
  expect(trainedBy(assertedLeaves(storage, nothingKnown, JOB, rootOf(16n, 16n)))).toBe('16')
  expect(trainedBy(assertedLeaves(storage, nothingKnown, JOB, rootOf(17n, 16n)))).toBe('17')
})

test('leaves without a note are counted anew, and given out only if they have the root that is asked for', () => {
  const found = (job: JobRecord, root: string) => trainedBy(assertedLeaves(notes(), stateWith(job), JOB, root))
  expect(found(jobWith(20, false), rootOf(20n, 20n))).toBe('20')
  expect(found(jobWith(20, true), rootOf(21n, 20n))).toBe('21')
  expect(found(jobWith(20, false, 16), rootOf(16n, 16n))).toBe('16')
  expect(found(jobWith(20, false), rootOf(16n, 16n))).toBeUndefined()
})
