/** Coordinator and chain die, stop and come back; the job ends with the bits of one process. */
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest'
import { checkFinished, submitTiny, untilMidUnit } from './harness/running-job.ts'
import { startTestNetwork, type TestNetwork } from './harness/test-network.ts'
import { prepareTinyJob, type TinyJob } from './harness/tiny-job.ts'

describe('a job whose network stops', { timeout: 240_000 }, () => {
  let network: TestNetwork
  let tiny: TinyJob
  beforeAll(async () => {
    ;[network, tiny] = await Promise.all([startTestNetwork({ workers: 3 }), prepareTinyJob()])
  }, 240_000)
  afterAll(() => network.stop())
  beforeEach(() => network.allUp(), 240_000)

  test('survives kill -9 of the coordinator in mid-round, which comes back', async () => {
    const job = await submitTiny(network, tiny)
    await untilMidUnit(network, job, 1)
    await network.coordinator.kill()
    await network.coordinator.start()
    await checkFinished(network, job)
  })
})
