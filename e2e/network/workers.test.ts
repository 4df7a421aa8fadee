/** Workers come, die, leave and lie; the job ends with the bits of one process. Real processes, network and chain. */
import { fileURLToPath } from 'node:url'
import { readInclusions, readJob } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import { NO_HASH, REJECTIONS } from '@cairn/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type HostilePeer, joinHostile } from './harness/hostile-peer.ts'
import { joinInventing } from './harness/inventing-worker.ts'
import { checkMoney } from './harness/money.ts'
import { droppedBy, memoryOf } from './harness/observe.ts'
import {
  checkFinished,
  downloadClosed,
  type RunningJob,
  submitTiny,
  untilJob,
  untilMidUnit,
} from './harness/running-job.ts'
import { startTestNetwork, type TestNetwork } from './harness/test-network.ts'
import { prepareTinyJob, TINY_SPEC, type TinyJob, WILD_OPTIMISER } from './harness/tiny-job.ts'
import { until } from './harness/until.ts'

const CENSORING = fileURLToPath(new URL('./harness/censoring-node.ts', import.meta.url))
const LIMIT_MS = 300_000
/** Of a node under attack, another job's program and states included. */
const MOST_GROWTH_BYTES = 500_000_000

describe('a job on three workers', { timeout: LIMIT_MS }, () => {
  let network: TestNetwork
  let tiny: TinyJob
  beforeAll(async () => {
    ;[network, tiny] = await Promise.all([startTestNetwork({ workers: 3 }), prepareTinyJob()])
  }, LIMIT_MS)
  afterAll(() => network.stop(), LIMIT_MS)
  beforeEach(() => network.allUp(), LIMIT_MS)

  test('survives kill -9 of a worker in mid-unit, which comes back', async () => {
    const job = await submitTiny(network, tiny)
    const { worker } = await untilMidUnit(network, job, 1)
    await worker.kill()
    await worker.start()
    await checkFinished(network, job)
  })

  test('survives a worker that is killed and loses its disk: custodians serve', async () => {
    const job = await submitTiny(network, tiny)
    const { worker, round, replica } = await untilMidUnit(network, job, 1)
    await worker.kill()
    worker.wipe()
    const { rounds } = await checkFinished(network, job)
    expect(worker.isRunning).toBe(false)
    // Its lease was lost, and whoever asks is told so.
    const { history } = await network.client.why(`${job.id}/${round}/${replica}`)
    expect(history.map(({ text }) => text).join('\n')).toMatch(/did not commit within \d+ s/)
    // The replica that it had trained was needed, and only a custodian had it.
    expect(rounds[0]?.units.some(unit => unit.worker === worker.peerKey)).toBe(true)
  })

  test('is not moved by strangers and a registered node that send what they should not', async () => {
    const hostile = [await joinHostile(network, false), await joinHostile(network, true)]
    const nodes = [network.coordinator, ...network.workers]
    const [dropped, memory] = [droppedBy(nodes), memoryOf(nodes)]
    const job = await submitTiny(network, tiny)
    await attackUntilClosed(hostile, job)
    await checkFinished(network, job)
    for (const { stop } of hostile) await stop()
    const after = droppedBy(nodes)
    for (const code of REJECTIONS) expect(after(code), code).toBeGreaterThan(dropped(code))
    expect(nodes.filter(({ isRunning }) => !isRunning)).toEqual([])
    for (const [i, bytes] of memoryOf(nodes).entries()) expect(bytes).toBeLessThan((memory[i] ?? 0) + MOST_GROWTH_BYTES)
  })

  test('knows how fast workers are that had nothing to do yet: nobody invents what a standard unit comes to', async () => {
    const inventing = await joinInventing(network)
    const newcomer = await network.addWorker()
    await newcomer.start()
    const found = await until('the inventing one to be found out', async () => {
      const { history } = await network.client.why(inventing.peerKey).catch(() => ({ history: [] }))
      return history.find(({ text }) => text.includes('gets no lease'))?.text
    })
    expect(found).toContain('its answer to the standard unit was wrong; it is asked again in 10 s')
    const measured = await until('the newcomer to be measured', async () => {
      const nodes = await network.client.nodes()
      return nodes.find(({ peer, measured }) => peer === newcomer.peerKey && measured)
    })
    expect(measured.operationsPerSecond).toBeGreaterThan(0)
    const { history } = await network.client.why(newcomer.peerKey)
    expect(history.map(({ text }) => text).join()).toContain('did the standard unit in')
    const nodes = await network.client.nodes()
    expect(nodes.find(({ peer }) => peer === inventing.peerKey)?.measured).toBe(false)
    await newcomer.stop()
    await inventing.leave()
  })

  test('that leaves the domain ends there: what was done is paid, the rest comes back', async () => {
    const wild = await prepareTinyJob({ optimiser: WILD_OPTIMISER })
    const job = await submitTiny(network, wild)
    const { status, rounds } = await downloadClosed(network, job)
    expect(status.status).toBe('diverged')
    expect(status.reason).toContain(wild.divergence)
    expect(rounds.map(({ document }) => document.globalRoot)).toEqual(wild.roots)
    expect(rounds.length).toBeGreaterThan(0)
    const paid = await checkMoney(network, job.id, job.before)
    const terms = (await readJob(network.client.chain, job.id))?.terms
    // All units of the round that left the domain are paid, too, and what was evaluated, kept and coordinated before it.
    const trained = BigInt(wild.replicas * (rounds.length + 1)) * (terms?.trainPrice ?? 0n)
    expect([...paid.values()].reduce((a, b) => a + b)).toBeGreaterThan(trained)
  })

  test('gets a lease back at once from a worker that leaves, and gives units to one that joins', async () => {
    for (const other of network.workers.slice(2)) await other.stop()
    const newcomer = await network.addWorker()
    const job = await submitTiny(network, tiny)
    const unit = await untilMidUnit(network, job, 0)
    await unit.worker.stop()
    await until('the lease to be given back', async () => {
      const { history } = await network.client.why(`${job.id}/${unit.round}/${unit.replica}`)
      const reasons = history.map(({ text }) => text)
      expect(reasons.filter(text => text.includes('did not commit within'))).toEqual([])
      return reasons.some(text => text.includes('gave it back: the node is leaving')) || undefined
    })
    // One node alone cannot go on: whoever trains needs another to keep what it made.
    await newcomer.start()
    const { payments } = await checkFinished(network, job)
    expect(payments.find(({ peer }) => peer === newcomer.peerKey)?.trained).toBeGreaterThan(0)
  })

  test('has every unit done by two nodes, and pays both', async () => {
    const verifiers = await network.addVerifiers(2)
    const schedule = { ...TINY_SPEC.schedule, innerSteps: 30, rounds: 2 }
    const verification = { policy: 'redundancy', rate: 0.1, verifiers: 2 }
    const job = await submitTiny(network, await prepareTinyJob({ schedule, verification }))
    const { audits, payments } = await checkFinished(network, job)
    const doers = audits === 'not audited' ? [] : audits.filter(({ index }) => index < schedule.replicas)
    // An auditor may have come, too.
    const places = new Set(doers.map(({ round, index }) => `${round}/${index}`))
    expect([...places].sort()).toEqual(['0/0', '0/1', '0/2', '1/0', '1/1', '1/2'])
    for (const { verifier } of doers) expect(verifiers.map(({ address }) => address.toLowerCase())).toContain(verifier)
    expect(payments.reduce((sum, { audited }) => sum + audited, 0)).toBeGreaterThanOrEqual(doers.length)
  })

  test('has a unit that its coordinator leaves out: its worker puts it on the chain, and is paid', async () => {
    await network.coordinator.stop()
    await network.coordinator.start(CENSORING)
    await network.allUp()
    const schedule = { ...TINY_SPEC.schedule, innerSteps: 12, rounds: 1 }
    const verification = { policy: 'audit', rate: 0.1, verifiers: 1 }
    const evaluation = { ...TINY_SPEC.evaluation, everyRounds: 1 }
    const job = await submitTiny(network, await prepareTinyJob({ schedule, verification, evaluation }))
    const { rounds } = await checkFinished(network, job)
    const included = await readInclusions(network.client.chain, job.id, NO_HASH)
    const { worker = '', account = '' } = rounds[0]?.units[0] ?? {}
    expect(included.map(one => [one.index, one.worker.toLowerCase()])).toContainEqual([0, account])
    const { history } = await network.client.why(`${job.id}/0/0`)
    expect(history.map(({ text }) => text).join('\n')).toContain(`put on the chain by ${worker.slice(0, 8)}`)
    await network.coordinator.stop()
  })

  async function attackUntilClosed(hostile: readonly HostilePeer[], job: RunningJob): Promise<void> {
    const document = await untilJob(network, job, 'its document', status => status.document as HashHex)
    let isOver = false
    const closed = untilJob(network, job, 'the job to be closed', ({ isClosed }) => isClosed || undefined)
    const over = closed.finally(() => {
      isOver = true
    })
    const attack = async (peer: HostilePeer) => {
      while (!isOver) await peer.volley(job.id, document)
    }
    await Promise.all([over, ...hostile.map(attack)])
  }
})
