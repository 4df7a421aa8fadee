/** One lease of one worker, up to the question to its first custodian; in letters. */
import type { HashHex } from '@cairn/primitives'
import type { WorkerEvent } from '../roles/worker/events.ts'
import type { LeaseBody } from '../roles/worker/state.ts'
import type { JobId, Unit } from '../units.ts'
import { toyInitialRoot, toyUnit } from './toy-work.ts'

const job = 'ab'.repeat(32) as JobId
const unit: Unit = { job, round: 0, replica: 0, kind: 'train' }
const author = { worker: 'worker', account: `0x${'1'.repeat(40)}`, before: [] }

/** The unit, and what its worker signs of it. */
export const toyTask = { job, unit, signed: toyUnit(unit, toyInitialRoot, undefined, author) }

export const toyLeaseBody = {
  lease: 1,
  unit,
  deadlineMs: 1_000_000,
  document: '01'.repeat(32) as HashHex,
  globalRoot: toyInitialRoot,
  sources: [],
  custodians: ['first', 'second'].map(peer => ({ peer, addresses: [] })),
  custodiansNeeded: 1,
  claims: [],
} as unknown as LeaseBody

/** From the lease to the question to the first custodian. */
export const toTrained = (body: LeaseBody = toyLeaseBody): readonly WorkerEvent[] => [
  { event: 'lease', from: 'coordinator', job, body },
  { event: 'prepared', job, ok: true, reason: '' },
  { event: 'fetched', job, root: toyInitialRoot, ok: true, reason: '' },
  { event: 'trained', job, lease: 1, signed: toyTask.signed },
]

/** What a custodian answers. */
export const toyKept = (peer: string): WorkerEvent => ({
  event: 'kept',
  ...{ job, unit, custody: { peer, account: `account of ${peer}`, signature: '' } },
  claimSignature: `kept by ${peer}`,
})
