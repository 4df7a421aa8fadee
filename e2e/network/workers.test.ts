/** Workers come, die and go; the job ends with the bits of one process. Real processes, network and chain. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkFinished, submitTiny, untilMidUnit } from './harness/running-job.ts'
import { startTestNetwork, type TestNetwork } from './harness/test-network.ts'
import { prepareTinyJob, type TinyJob } from './harness/tiny-job.ts'

describe('a job on three workers', { timeout: 240_000 }, () => {
  let network: TestNetwork
  let tiny: TinyJob
  beforeAll(async () => {
    ;[network, tiny] = await Promise.all([startTestNetwork({ workers: 3 }), prepareTinyJob()])
  }, 240_000)
  afterAll(() => network.stop())
  beforeEach(() => network.allUp(), 240_000)

  test('survives kill -9 of a worker in mid-unit, which comes back', async () => {
    const job = await submitTiny(network, tiny)
    const { worker } = await untilMidUnit(network, job, 1)
    await worker.kill()
    await worker.start()
    await checkFinished(network, job)
  })

  test('survives a worker that is killed and loses its disk: custodians serve', async () => {
    const job = await submitTiny(network, tiny)
    const { worker } = await untilMidUnit(network, job, 1)
    await worker.kill()
    worker.wipe()
    const { rounds } = await checkFinished(network, job)
    expect(worker.isRunning).toBe(false)
    const committed = rounds[0]?.units.filter(unit => unit.worker === worker.peerKey)
    expect(committed?.length).toBeGreaterThan(0) // what only it and its custodian had was needed
  })
})
