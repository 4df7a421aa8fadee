import type { HashHex } from '@cairn/primitives'
import { type JobId, noCounts } from '@cairn/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { withClaims } from './conformance/shown-claims.ts'
import * as cairn from './index.ts'
import { first, hash, refused, startStaffedNetwork, TOKEN, terms } from './testing/staffed-network.ts'
import { accountOf } from './testing/test-network.ts'

const network = await startStaffedNetwork()
const { submitter, coordinator, worker, guardian, unleasedJob, leasedJob, round } = network
afterAll(network.chain.stop)

describe('actions', () => {
  it('name the reason for which a contract refuses', async () => {
    const job = await leasedJob('e')
    const round0 = await round(job, first)
    const anchor = { epoch: 1, ...round0 }
    const { leaves } = cairn.earningsTree(
      [worker, coordinator].map(client => ({ job, account: accountOf(client), counts: { ...noCounts, trained: 6n } })),
    )
    const claim = { job, epoch: 1, rounds: 0, leaves, isFinal: false }
    const unsigned = round0.works.map(work => ({ ...work, outer: '0x' as const }))
    const refusals: [string, Promise<cairn.CallResult>][] = [
      ['JobExists', cairn.submitJob(submitter, { ...terms, document: hash('e') })],
      [
        'BudgetTooLow',
        cairn.submitJob(submitter, { ...terms, document: hash('0').replace(/0$/, '1') as HashHex, budget: 97n }),
      ],
      ['ERC20InsufficientBalance', cairn.submitJob(submitter, { ...terms, document: hash('1'), budget: 10n ** 12n })],
      ['LeaseHeld', cairn.takeLease(worker, job)],
      ['NotNode', cairn.takeLease(guardian, await unleasedJob('9'))],
      ['JobUnknown', cairn.takeLease(worker, hash('7') as string as JobId)],
      ['NotLeaseHolder', cairn.anchorRound(worker, withClaims(anchor))],
      ['WrongEpoch', cairn.anchorRound(coordinator, withClaims({ ...anchor, epoch: 2 }))],
      ['HeadMoved', cairn.anchorRound(coordinator, withClaims({ ...anchor, previousHead: hash('5') }))],
      ['WrongRound', cairn.anchorRound(coordinator, withClaims({ ...anchor, round: 1 }))],
      ['BadRecord', cairn.anchorRound(coordinator, withClaims({ ...anchor, previousRoot: hash('5') }))],
      ['BadWorks', cairn.anchorRound(coordinator, withClaims({ ...anchor, works: round0.works.slice(1) }))],
      ['BadSignature', cairn.anchorRound(coordinator, withClaims({ ...anchor, globalRoot: hash('5') }))],
      ['OuterUnsigned', cairn.anchorRound(coordinator, withClaims({ ...anchor, works: unsigned }))],
      ['BadRecord', cairn.finaliseRound(worker, round0)],
      ['NotVoid', cairn.releaseBond(worker, round0, 0)],
      ['CaseUnknown', cairn.reportVoid(worker, round0, 0)],
      ['CaseUnknown', cairn.compensate(worker, hash('5'), accountOf(worker))],
      ['NothingPending', cairn.countEarnings(worker, job, accountOf(worker), [round0])],
      ['RoundsNotFinal', cairn.assertEarnings(coordinator, { ...claim, rounds: 1 })],
      ['TotalsExceedRounds', cairn.assertEarnings(coordinator, claim)],
      ['NotSubmitter', cairn.cancelJob(worker, job)],
      ['NotClosable', cairn.closeJob(submitter, job)],
      ['BadProof', cairn.withdraw(worker, leaves[0]!, [])],
      ['StakeTooLow', cairn.requestUnstake(worker, 201n * TOKEN)],
      ['NothingUnbonding', cairn.withdrawStake(worker)],
      ['NotGuardian', cairn.pauseNetwork(worker)],
      ['FaucetCapExceeded', cairn.faucet(worker, accountOf(worker), 10n ** 12n + 1n)],
    ]
    for (const [code, result] of refusals) expect(await result, code).toMatchObject(refused(code))
  })

  it('register a node under an owner that approved it, and list it once', async () => {
    const [peerKey, signature] = [new Uint8Array(32).fill(9), new Uint8Array(64).fill(8)]
    const owned = { peerKey, signature, owner: accountOf(submitter), verifies: true }
    const before = await cairn.latestBlockNumber(submitter)
    const registered = await cairn.listNodes(submitter)
    expect(await cairn.registerNode(worker, owned)).toMatchObject(refused('OwnerNotApproving'))
    expect(await cairn.approveNode(submitter, accountOf(worker))).toMatchObject({ ok: true })
    expect(await cairn.registerNode(worker, owned)).toMatchObject({ ok: true })
    const nodes = await cairn.listNodes(submitter)
    expect(nodes.map(({ account }) => account)).toEqual([accountOf(coordinator), accountOf(worker)])
    expect(nodes[1]).toMatchObject({ ...owned, isRegistered: true })
    expect(registered).toMatchObject(await cairn.listNodesAt(submitter, before))
    expect(nodes).toMatchObject(await cairn.listNodesAt(submitter, before + 2n))
    expect(registered[1]).toMatchObject({ verifies: false })
    expect(await cairn.readNode(submitter, accountOf(submitter))).toMatchObject({ isRegistered: false, stake: 0n })
  })

  it('read blocks, and none that is not there', async () => {
    const number = await cairn.latestBlockNumber(submitter)
    const { hash, timestamp } = await submitter.reader.getBlock({ blockNumber: number })
    const block = { number, hash: hash.slice(2), timestampSeconds: Number(timestamp) }
    expect(await cairn.readBlock(submitter, number)).toEqual(block)
    expect(await cairn.readBlock(submitter, number + 1n)).toBeUndefined()
  })

  it('give a stake back after unbonding', async () => {
    const before = await cairn.readBalances(worker, accountOf(worker))
    expect(await cairn.requestUnstake(worker, TOKEN)).toMatchObject({ ok: true })
    expect(await cairn.withdrawStake(worker)).toMatchObject(refused('StillUnbonding'))
    await network.advance(network.parameters.unbondingSeconds)
    expect(await cairn.withdrawStake(worker)).toMatchObject({ ok: true })
    const after = await cairn.readBalances(worker, accountOf(worker))
    expect(after).toMatchObject({ stake: before.stake - TOKEN, tokens: before.tokens + TOKEN, unbonding: 0n })
  })

  it('refuse new money while the guardian pauses, and no withdrawal', async () => {
    expect(await cairn.pauseNetwork(guardian)).toMatchObject({ ok: true })
    const paused = { ...terms, document: hash('c') }
    expect(await cairn.submitJob(submitter, paused)).toMatchObject(refused('NetworkPaused'))
    expect(await cairn.requestUnstake(worker, 1n)).toMatchObject({ ok: true })
    expect(await cairn.pauseNetwork(guardian)).toMatchObject(refused('PauseTooSoon'))
    await network.advance(network.parameters.pauseSeconds)
    expect(await cairn.submitJob(submitter, paused)).toMatchObject({ ok: true })
    const { pausableFromSeconds, pausedUntilSeconds } = await cairn.readPause(submitter)
    expect(pausableFromSeconds - pausedUntilSeconds).toBe(110)
    await network.advance(network.parameters.pauseIntervalSeconds)
    expect(await cairn.pauseNetwork(guardian)).toMatchObject({ ok: true })
    expect(await cairn.resumeNetwork(guardian)).toMatchObject({ ok: true })
    expect(await cairn.submitJob(submitter, { ...paused, document: '12'.repeat(32) as HashHex })).toMatchObject({
      ok: true,
    })
  })

  it('send many transactions of one account at once', async () => {
    const documents = ['2', '3', '4', '5'].map(hash)
    const results = await Promise.all(documents.map(document => cairn.submitJob(submitter, { ...terms, document })))
    const submitted = documents.map(document => ({ ok: true, job: cairn.jobKey(accountOf(submitter), document) }))
    expect(results).toMatchObject(submitted)
    const jobs = await cairn.listJobs(worker)
    expect(
      jobs
        .slice(-4)
        .map(job => job.terms.document)
        .sort(),
    ).toEqual(documents)
    expect(await cairn.listJobs(worker, jobs.length)).toEqual([])
  })

  it('find the network by its Escrow', async () => {
    expect(await cairn.readAddresses(worker, worker.addresses.escrow)).toEqual(worker.addresses)
    expect(await cairn.readParameters(worker)).toEqual(network.parameters)
    expect(await cairn.readToken(worker)).toEqual({ symbol: 'TEST', decimals: 6 })
  })
})
