/** Coordinator, chain and submitter go away, some to come back; the job ends with the bits of one process. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  type ChainClient,
  cancelJob,
  claimHash,
  latestBlockNumber,
  listAnchors,
  readAnchors,
  readBalances,
  readEarnings,
  readWithdrawn,
} from '@cairn/contracts'
import { type JobStatus, withdrawEarnings } from '@cairn/node'
import { decodeClosingDocument, type JobId, NO_HASH, trainedClaim } from '@cairn/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkMoney } from './harness/money.ts'
import { checkFinished, downloadClosed, submitTiny, untilJob, untilMidUnit } from './harness/running-job.ts'
import { submitByCommand } from './harness/submit-command.ts'
import { startTestNetwork, type TestNetwork } from './harness/test-network.ts'
import { prepareTinyJob, type TinyJob } from './harness/tiny-job.ts'
import { until } from './harness/until.ts'

/** For conditions that hold or do not. */
const is = (holds: (status: JobStatus) => boolean) => (status: JobStatus) => holds(status) || undefined

/**
 * Waits until a worker keeps what the link that closed the chain is about: verifiers would fetch it there. There is no such link
 * where the last round was anchored just before the job was cancelled.
 */
async function untilClosingIsKept({ client, workers }: TestNetwork, job: JobId): Promise<void> {
  const closing = (await listAnchors(client.chain, job)).find(({ globalRoot }) => globalRoot === NO_HASH)
  if (closing === undefined) return
  const kept = await until('the closing document to be kept', async () =>
    workers
      .flatMap(({ directory }) =>
        readdirSync(directory, { recursive: true }).map(name => join(directory, String(name))),
      )
      .find(path => basename(path) === closing.documentId),
  )
  const decoded = decodeClosingDocument(readFileSync(kept))
  const units = decoded.ok ? decoded.document.units : []
  expect(units.map(({ commitment }) => claimHash(trainedClaim(commitment)))).toEqual(
    closing.works.map(({ claim }) => claim),
  )
  expect(units.length).toBeGreaterThan(0)
}

/** Has the chain go on from a block as if what came after it had never been. */
async function replaceBlocks(chain: ChainClient, last: bigint): Promise<void> {
  const depth = Number((await latestBlockNumber(chain)) - last)
  expect(depth).toBeGreaterThan(0)
  // viem's types know the methods of public chains only.
  await chain.reader.request({ method: 'anvil_reorg', params: [depth, []] } as never)
  // anvil's clock is behind then: a lease would seem to have run out to its holder, and not to the chain.
  await chain.reader.request({ method: 'evm_setTime', params: [Math.floor(Date.now() / 1000)] } as never)
}

const LIMIT_MS = 300_000

describe('a job whose network stops', { timeout: LIMIT_MS }, () => {
  let network: TestNetwork
  let tiny: TinyJob
  beforeAll(async () => {
    ;[network, tiny] = await Promise.all([startTestNetwork({ workers: 3 }), prepareTinyJob()])
  }, LIMIT_MS)
  afterAll(() => network.stop(), LIMIT_MS)
  beforeEach(() => network.allUp(), LIMIT_MS)

  test('survives kill -9 of the coordinator in mid-round, which comes back', async () => {
    const job = await submitTiny(network, tiny)
    await untilMidUnit(network, job, 1)
    await network.coordinator.kill()
    await network.coordinator.start()
    await checkFinished(network, job)
  })

  test('goes on while the chain is away, and survives that it is killed', async () => {
    const job = await submitTiny(network, tiny)
    const { round } = await untilMidUnit(network, job)
    await network.stopChain()
    await untilJob(
      network,
      job,
      'the round to be agreed without the chain',
      is(({ agreed }) => agreed > round),
    )
    await network.startChain()
    await untilJob(
      network,
      job,
      'the round to be anchored',
      is(({ anchored }) => anchored > round),
    )
    await network.killChain()
    await network.startChain()
    await checkFinished(network, job)
  })

  test('is settled again when the chain has forgotten all that happened to it', async () => {
    const job = await submitTiny(network, tiny)
    await untilMidUnit(network, job)
    const early = await network.stopChain()
    await network.startChain()
    await untilJob(
      network,
      job,
      'the job to be closed',
      is(({ isClosed }) => isClosed),
    )
    await network.stopChain()
    await network.startChain(early)
    await until('the loss to be noticed', async () => is(({ isClosed }) => !isClosed)(await network.client.job(job.id)))
    await checkFinished(network, job)
  })

  test('ends with the same bits, paid once, though the chain replaces blocks with lease, anchor, assertion and pay', async () => {
    const { chain } = network.client
    const job = await submitTiny(network, tiny)
    const anchors = () => readAnchors(chain, job.id)
    const leaseTaken = async () => {
      const logs = await chain.reader.getLogs({ address: chain.addresses.anchors, fromBlock: 0n })
      return logs.find(({ topics }) => topics.some(topic => topic === `0x${job.id}`))?.blockNumber
    }
    const leased = await until('the lease to be taken', leaseTaken)
    await replaceBlocks(chain, leased - 1n)
    await until('a round to be anchored', async () => (await anchors()).rounds > 0 || undefined)
    await replaceBlocks(chain, leased - 1n)

    const isAsserted = async () => (await readEarnings(chain, job.id)).pending !== undefined || undefined
    await until('earnings to be asserted', isAsserted)
    await replaceBlocks(chain, (await listAnchors(chain, job.id)).at(-1)!.blockNumber)
    expect(await isAsserted()).toBeUndefined()

    await downloadClosed(network, job)
    const closed = await latestBlockNumber(chain)
    const withdrawn = () => readWithdrawn(chain, job.id, network.workers[0]!.address)
    for (const { address } of network.workers) await withdrawEarnings(network.client, address, job.id)
    expect(await withdrawn()).toBeGreaterThan(0n)
    await replaceBlocks(chain, closed)
    expect(await withdrawn()).toBe(0n)
    await checkFinished(network, job)
  })

  test('survives that everything is stopped', async () => {
    const { workers, coordinator } = network
    const job = await submitTiny(network, tiny)
    await untilMidUnit(network, job, 1)
    await Promise.all(workers.map(worker => worker.stop()))
    await coordinator.stop()
    await network.stopChain()
    await network.startChain()
    await network.allUp()
    await checkFinished(network, job)
  })

  test('survives that all nodes stop before a round is anchored, and that the coordinator loses its disk', async () => {
    const { workers, coordinator } = network
    const job = await submitTiny(network, tiny)
    await coordinator.kill()
    coordinator.wipe()
    await Promise.all(workers.map(worker => worker.kill()))
    await network.allUp()
    await checkFinished(network, job)
  })

  test('is taken over by another coordinator when its own dies with its disk', async () => {
    const { node, network: both } = await network.addCoordinator()
    const job = await submitTiny(both, tiny)
    await untilJob(
      both,
      job,
      'a round to be anchored',
      is(({ anchored }) => anchored > 0),
    )
    const { holder } = await readAnchors(both.client.chain, job.id)
    const own = [network.coordinator, node].find(({ address }) => address.toLowerCase() === holder?.toLowerCase())
    await own?.kill()
    own?.wipe()
    const { payments } = await checkFinished(both, job)
    // Each is paid for the rounds that it anchored.
    expect(payments.filter(({ coordinated }) => coordinated > 0)).toHaveLength(2)
    await both.stop()
    if (node.isRunning) await node.stop()
  })

  test('is taken over though nobody has the documents of its rounds: what they came to is on the chain', async () => {
    const { coordinator, workers, client } = network
    const job = await submitTiny(network, tiny)
    await untilJob(
      network,
      job,
      'a round to be anchored',
      is(({ anchored }) => anchored > 0),
    )
    await coordinator.kill()
    coordinator.wipe()
    await Promise.all(workers.map(worker => worker.kill()))
    const documents = new Set((await listAnchors(client.chain, job.id)).map(({ documentId }): string => documentId))
    const forgotten = workers.flatMap(({ directory }) =>
      readdirSync(directory, { recursive: true })
        .map(name => join(directory, String(name)))
        .filter(path => documents.has(basename(path))),
    )
    expect(documents.size).toBeGreaterThan(0)
    for (const path of forgotten) rmSync(path)
    await network.allUp()
    await checkFinished(network, job)
    expect(JSON.stringify(coordinator.log())).toContain('read from the chain')
  })

  test('is downloaded and paid though its coordinator has lost its disk after the end', async () => {
    const { coordinator } = network
    const job = await submitTiny(network, tiny)
    await downloadClosed(network, job)
    await coordinator.kill()
    coordinator.wipe()
    await network.allUp()
    await checkFinished(network, job)
  })

  test('needs its submitter no more once it is submitted', async () => {
    const job = await submitByCommand(network, tiny)
    await checkFinished(network, job)
  })

  test.each([0, 1])('is cancelled after %i anchors: what was done is paid, the rest comes back', async anchors => {
    const { client } = network
    const { escrow } = client.chain.addresses
    const job = await submitTiny(network, tiny)
    const isHalfDone = ({ anchored, units }: JobStatus) =>
      anchored >= anchors && units.some(({ state }) => state === 'committed')
    await untilJob(network, job, 'work that is not anchored', is(isHalfDone))
    expect(await cancelJob(client.chain, job.id)).toMatchObject({ ok: true })
    const { status, rounds } = await downloadClosed(network, job)
    expect(status.status).toBe('cancelled')
    await untilClosingIsKept(network, job.id)
    expect(rounds.map(({ document }) => document.globalRoot)).toEqual(tiny.roots.slice(0, rounds.length))
    const paid = await checkMoney(network, job.id, job.before)
    expect(paid.size).toBeGreaterThan(0)
    // Paid and refunded is all that there was.
    expect((await readBalances(client.chain, escrow)).tokens).toBe(job.before.tokens.get(escrow.toLowerCase()))
  })
})
