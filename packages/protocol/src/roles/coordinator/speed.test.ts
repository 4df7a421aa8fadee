/** What a node gains by what it says of its speed: its first lease, for a time that is bounded. From then on what was measured counts. */
import { beforeEach, expect, test } from 'vitest'
import { toyChecking, toyFacts, toyInitialRoot, toyUnit } from '../../testing/toy-work.ts'
import { accountOf } from '../../testing/toy-workers.ts'
import { trainedClaim } from '../../work-claims.ts'
import { type CoordinatorEvent, tickCoordinator } from '../coordinator.ts'
import { type ChainView, DEFAULT_SETTINGS, emptyCoordinator } from './state.ts'

const ACCOUNT = `0x${'c'.repeat(40)}`
const [LIAR, HONEST] = ['a', 'b'].map(letter => letter.repeat(64)) as [string, string]
const OPERATIONS = 10n ** 12n
const TRUE_SPEED = 3_000_000_000
const toy = toyFacts({ replicas: 1, rounds: 2, custodians: 1, checkpoints: 1 })
const facts = { ...toy, operationsPerUnit: OPERATIONS }
const { job } = facts
const unit = { job, round: 0, replica: 0, kind: 'train' } as const
const held: ChainView = {
  ...{ status: 'open', coordinator: ACCOUNT, holdsLease: true, epoch: 1, anchored: 0, finalLinks: 0, isEnded: false },
  ...{ finalisesAtMs: [], wrongs: [], cancelEndsAtMs: 0 },
  earnings: { settledRounds: 0, settledFinal: false, pending: false, settlesAtMs: 0 },
}

let state = emptyCoordinator({ account: ACCOUNT, ...DEFAULT_SETTINGS })
let nowMs = 0
function tell(...events: CoordinatorEvent[]): void {
  for (const event of events) state = tickCoordinator(state, event, nowMs, 7).state
}
const presence = (peer: string, operationsPerSecond: number): CoordinatorEvent => {
  const node = { peer, account: accountOf(peer), owner: `owner of ${peer}`, role: 'worker', addresses: [] } as const
  return {
    event: 'presence',
    node: { ...node, price: 1n, memoryBytes: 1000, operationsPerSecond, leaving: false, freeStake: 0n },
  }
}
const lease = () => state.jobs.get(job)?.rounds[0]?.units[0]?.lease
const speedOf = (peer: string) => state.nodes.get(peer)?.operationsPerSecond
const begin = (declared: number, other = TRUE_SPEED) =>
  tell(
    presence(LIAR, declared),
    presence(HONEST, other),
    { event: 'job', facts, submitter: '0xs', chain: held, history: [] },
    { event: 'pinned', job, peer: HONEST },
    { event: 'timer' },
  )

function commit(): void {
  const signed = toyUnit(unit, toyInitialRoot, undefined, { worker: LIAR, account: accountOf(LIAR), before: [] })
  const commitment = { ...signed.commitment, checkpointRoots: ['e'.repeat(64) as typeof toyInitialRoot] }
  const custody = [{ peer: HONEST, account: accountOf(HONEST), signature: '0'.repeat(128) }]
  const claim = toyChecking.claimHash(trainedClaim(commitment))
  const outcome = { kind: 'trained', commitment: { ...signed, commitment, custody }, claim } as const
  tell({ event: 'commit', job, peer: LIAR, unit, outcome, before: [] })
}

beforeEach(() => {
  state = emptyCoordinator({ account: ACCOUNT, ...DEFAULT_SETTINGS })
  nowMs = 1_000
})

test('a thousand times its speed gets a node one lease, with the less time for it; then others have the unit', () => {
  begin(1000 * TRUE_SPEED)
  const { shortestLeaseMs, leaseFactor } = DEFAULT_SETTINGS
  const expectedMs = Math.ceil(Number(OPERATIONS) / TRUE_SPEED)
  expect(lease()).toMatchObject({ node: LIAR, deadlineMs: nowMs + shortestLeaseMs + leaseFactor * expectedMs })
  nowMs = lease()!.deadlineMs + 1
  tell(presence(LIAR, 1000 * TRUE_SPEED), presence(HONEST, TRUE_SPEED), { event: 'timer' })
  expect(lease()?.node).toBe(HONEST)
})

test('after the first unit a node is as fast as it was, whatever it says', () => {
  begin(1000 * TRUE_SPEED)
  nowMs += 10_000
  commit()
  expect(state.jobs.get(job)?.rounds[0]?.units[0]?.state).toBe('committed')
  const measured = Number(OPERATIONS) / 10
  expect(speedOf(LIAR)).toBe(measured)
  tell(presence(LIAR, 1000 * TRUE_SPEED))
  expect(speedOf(LIAR)).toBe(measured)
})

test('a node that calls itself slow cannot hold a unit for as long as it likes', () => {
  begin(1, 0)
  const { shortestLeaseMs, leaseFactor, slowestOperationsPerSecond } = DEFAULT_SETTINGS
  const longestMs = (1000 * Number(OPERATIONS)) / slowestOperationsPerSecond
  expect(lease()).toMatchObject({ node: LIAR, deadlineMs: nowMs + shortestLeaseMs + leaseFactor * longestMs })
})
