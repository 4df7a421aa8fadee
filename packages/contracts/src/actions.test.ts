import {
  type Anchor,
  type Audit,
  custodyMessage,
  earnedIn,
  type JobId,
  leaseMessage,
  maximumPriceOf,
  NO_HASH,
  noCounts,
  priceOf,
} from '@cairn/protocol'
import { afterAll, describe, expect, it } from 'vitest'
import { withClaims } from './conformance/shown-claims.ts'
import * as cairn from './index.ts'
import { signedAnchor, signedAudit } from './testing/signed-anchor.ts'
import { first, hash, refused, second, startStaffedNetwork, TOKEN, terms } from './testing/staffed-network.ts'
import { accountOf } from './testing/test-network.ts'

/** For a dearest unit of 10, audited by one of two, with a fifth of the verifiers colluding. */
const UNIT_BOND = 99n

const network = await startStaffedNetwork()
const { submitter, coordinator, worker, guardian, unleasedJob, leasedJob, round } = network
afterAll(network.chain.stop)

/** An attestation to a unit of a round, whole. */
const attested = (verifier: cairn.ChainClient, { job, round: of, works }: Anchor, index: number, segment = 0) =>
  signedAudit(verifier, job, { round: of, index, segment, claim: works[index]!.claim })

const earningsOf = (job: JobId) =>
  cairn.earningsTree([
    { job, account: accountOf(worker), counts: { ...noCounts, trained: 6n, evaluated: 2n } },
    { job, account: accountOf(coordinator), counts: { ...noCounts, kept: 6n, coordinated: 2n, audited: 1n } },
  ])

describe('actions', () => {
  it('carry a job from its submission to the last refund, for little gas', async () => {
    const job = await unleasedJob('d')
    expect(await cairn.takeLease(coordinator, job)).toMatchObject({ ok: true, epoch: 1 })
    expect(await cairn.readJob(worker, job)).toMatchObject({ status: 'open', terms, owed: 0n, paid: 0n })

    const round0 = await round(job, first)
    const head = cairn.anchorHead(round0)
    const one = await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round0 }))
    expect(one).toMatchObject({ ok: true, head })
    const audits = [await attested(coordinator, round0, 2)]
    const round1 = await round(job, second, round0, audits)
    const two = await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round1 }))
    const holder = accountOf(coordinator)
    expect(await cairn.readAnchors(worker, job)).toMatchObject({
      holder,
      rounds: 2,
      finalRounds: 0,
      head: cairn.anchorHead(round1),
      root: second.globalRoot,
    })
    expect(await cairn.listAnchors(worker, job)).toMatchObject([round0, round1])
    expect(await cairn.listAnchors(worker, job, 1)).toMatchObject([round1])
    expect(await cairn.listAnchors(worker, job, 2)).toEqual([])
    expect(await cairn.readBalances(worker, accountOf(worker))).toMatchObject({ locked: 8n * UNIT_BOND })

    const { root, totals, leaves, proofOf } = earningsOf(job)
    const claim = { job, epoch: 1, rounds: 2, leaves, isFinal: true }
    expect(await cairn.assertEarnings(coordinator, claim)).toMatchObject(refused('RoundsNotFinal'))
    expect(await cairn.finaliseRound(worker, round0)).toMatchObject(refused('ChallengeWindowOpen'))
    await network.advance(network.parameters.challengeSeconds)
    const final = await cairn.finaliseRound(worker, round0)
    expect(await cairn.finaliseRound(worker, round1)).toMatchObject({ ok: true })
    expect(await cairn.readBalances(worker, accountOf(worker))).toMatchObject({ locked: 0n })
    expect(await cairn.assertEarnings(coordinator, claim)).toMatchObject({ ok: true })
    expect((await cairn.readEarnings(worker, job)).pending).toMatchObject({ root, totals, rounds: 2, isFinal: true })
    expect(await cairn.readBalances(worker, holder)).toMatchObject({ stake: 200n * TOKEN, locked: 20n * TOKEN })
    expect(await cairn.settleEarnings(worker, job)).toMatchObject(refused('ChallengeWindowOpen'))
    await network.advance(network.parameters.challengeSeconds)
    expect(await cairn.settleEarnings(worker, job)).toMatchObject({ ok: true })

    const [mine, theirs] = [accountOf(worker), holder].map(account => leaves.find(leaf => leaf.account === account)!)
    const paid = await cairn.withdraw(submitter, mine!, proofOf(mine!.account))
    expect(paid).toMatchObject({ ok: true, amount: 70n })
    expect(await cairn.withdraw(submitter, mine!, proofOf(mine!.account))).toMatchObject({ ok: true, amount: 0n })
    expect(await cairn.closeJob(worker, job)).toMatchObject({ ok: true, refund: 908n })
    expect(await cairn.withdraw(worker, theirs!, proofOf(theirs!.account))).toMatchObject({ ok: true, amount: 22n })
    expect(await cairn.readJob(worker, job)).toMatchObject({ status: 'closed', owed: 92n, paid: 92n })
    expect(await cairn.readWithdrawn(submitter, job, accountOf(worker))).toBe(70n)
    expect(await cairn.releaseLease(coordinator, job, 1)).toMatchObject({ ok: true })

    const gas = [one, two, final, paid].map(result => (result.ok ? Number(result.gasUsed) : Number.NaN))
    console.log(
      `gas: first anchor of 4 works ${gas[0]}, next ${gas[1]}, finalise ${gas[2]}, first withdrawal ${gas[3]}`,
    )
    expect(Math.max(...gas)).toBeLessThan(500_000)
  })

  it('include a unit that the coordinator leaves out', async () => {
    const job = await leasedJob('a')
    const left = (await round(job, first)).works[1]!
    const [head, custodians] = [NO_HASH, [accountOf(coordinator)]]
    const unit = { job, epoch: 1, round: 0, index: 1, until: 10_000_000_000, custodians }
    const inclusion = {
      lease: { ...unit, signature: await cairn.signWork(coordinator, leaseMessage(unit, accountOf(worker))) },
      ...{ claim: left.claim, signature: left.signature, document: hash('b') },
      kept: [await cairn.signWork(coordinator, custodyMessage(unit, left.claim))],
    }
    const included = await cairn.includeUnit(worker, inclusion)
    expect(included).toMatchObject({ ok: true })
    expect(await cairn.readInclusions(submitter, job, head)).toMatchObject([
      { worker: accountOf(worker), index: 1, claim: left.claim },
    ])
    const plan = { job, ...first, coordinator, previousHead: head, previousClaims: NO_HASH, replicas: 3 }
    const without = await signedAnchor({ ...plan, workers: [worker, coordinator, worker, worker] })
    expect(await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...without }))).toMatchObject(
      refused('WorkLeftOut'),
    )
    const taken = await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...(await round(job, first)) }))
    expect(taken).toMatchObject({ ok: true })
    expect(await cairn.readInclusions(submitter, job, cairn.anchorHead(without))).toEqual([])
    if (included.ok) console.log(`gas: an inclusion with one custodian ${included.gasUsed}`)
  })

  it('pay attestations of a friend up to what the terms foresee, never more: the bound of what a coordinator gains', async () => {
    const job = await leasedJob('7')
    const round0 = await round(job, first)
    expect(await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round0 }))).toMatchObject({ ok: true })
    // Of one unit, by a node that nothing has drawn, and that answers for each with a bond.
    const invented = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, segment) => attested(worker, round0, 2, segment)))
    const most = round0.works.length * terms.verifiers
    const over = await round(job, second, round0, await invented(most + 1))
    expect(await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...over }))).toMatchObject(refused('BadAudits'))
    const all = await round(job, second, round0, await invented(most))
    expect(await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...all }))).toMatchObject({ ok: true })

    const links = [round0, all].map(anchor => ({ anchor, isClosing: false }))
    const paid = [...earnedIn(links, terms.replicas).values()].map(counts => priceOf(terms, counts))
    expect(paid.reduce((sum, each) => sum + each, 0n)).toBeLessThanOrEqual(maximumPriceOf(terms))
    expect(maximumPriceOf(terms)).toBeLessThanOrEqual(terms.budget)
  })

  it('leave an attestation out that its verifier has not signed, or has no stake for', async () => {
    const job = await leasedJob('8')
    const round0 = await round(job, first)
    expect(await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round0 }))).toMatchObject({ ok: true })
    const one = await attested(coordinator, round0, 2)
    const anchored = async (audit: Audit) =>
      cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...(await round(job, second, round0, [audit])) }))
    for (const change of [{ index: 1, claim: round0.works[1]!.claim }, { segment: 1 }, { verifier: accountOf(worker) }])
      expect(await anchored({ ...one, ...change })).toMatchObject(refused('BadSignature'))
    expect(await anchored(await attested(guardian, round0, 2))).toMatchObject(refused('NotNode'))
    const before = (await cairn.readBalances(worker, accountOf(coordinator))).locked
    expect(await anchored(one)).toMatchObject({ ok: true })
    const { locked } = await cairn.readBalances(worker, accountOf(coordinator))
    expect(locked - before).toBe(network.parameters.challengeBond)
    expect(await cairn.releaseLease(coordinator, job, 1)).toMatchObject({ ok: true })
  })

  it('let a cancelled job have its final earnings, then refund the rest', async () => {
    const job = await leasedJob('f')
    const round0 = await round(job, first)
    await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round0 }))
    expect(await cairn.cancelJob(submitter, job)).toMatchObject({ ok: true })
    const next = await round(job, { ...second, globalRoot: NO_HASH }, round0)
    expect(await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...next }))).toMatchObject(refused('JobNotOpen'))
    // One unit of the round under way was done.
    const last = { ...next, works: next.works.slice(0, 1).map(work => ({ ...work, outer: '0x' as const })) }
    expect(await cairn.endJob(coordinator, withClaims({ epoch: 1, ...last }))).toMatchObject({ ok: true })
    await network.advance(network.parameters.challengeSeconds)
    for (const link of [round0, last]) expect(await cairn.finaliseRound(worker, link)).toMatchObject({ ok: true })
    expect(await cairn.closeJob(submitter, job)).toMatchObject(refused('NotClosable'))
    const leaves = [{ account: accountOf(worker), counts: { ...noCounts, trained: 4n, evaluated: 1n } }]
    const claim = { job, epoch: 1, rounds: 1, leaves, isFinal: true }
    expect(await cairn.assertEarnings(coordinator, { ...claim, isFinal: false })).toMatchObject(refused('OnlyFinal'))
    expect(await cairn.assertEarnings(coordinator, claim)).toMatchObject({ ok: true })
    await network.advance(network.parameters.challengeSeconds)
    expect(await cairn.settleEarnings(worker, job)).toMatchObject({ ok: true })
    expect(await cairn.closeJob(worker, job)).toMatchObject({ ok: true, refund: 1_000n - 45n })
  })

  it('take the final earnings of a cancelled job from any node, and give them more time after a wrong assertion', async () => {
    const job = await leasedJob('1')
    const round0 = await round(job, first)
    await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round0 }))
    await network.advance(network.parameters.challengeSeconds)
    await cairn.finaliseRound(worker, round0)
    const { leaves } = cairn.earningsTree([
      { job, account: accountOf(worker), counts: { ...noCounts, trained: 3n, evaluated: 1n } },
      { job, account: accountOf(coordinator), counts: { ...noCounts, kept: 3n, coordinated: 1n } },
    ])
    const claim = { job, epoch: 1, rounds: 1, leaves, isFinal: true }
    expect(await cairn.assertEarnings(worker, claim)).toMatchObject(refused('NotLeaseHolder'))
    expect(await cairn.cancelJob(submitter, job)).toMatchObject({ ok: true })
    // Its holder may still close the chain with what was done last.
    expect(await cairn.assertEarnings(worker, claim)).toMatchObject(refused('NotLeaseHolder'))

    const nothing = { ...claim, leaves: [] }
    await network.advance(network.parameters.cancelSeconds - 5)
    expect(await cairn.assertEarnings(guardian, claim)).toMatchObject(refused('NotNode'))
    expect(await cairn.assertEarnings(worker, nothing)).toMatchObject({ ok: true })
    expect(await cairn.assertEarnings(coordinator, claim)).toMatchObject(refused('AssertionPending'))
    await network.advance(10)
    const account = accountOf(worker)
    expect(await cairn.countEarnings(coordinator, job, account, [round0])).toMatchObject({ ok: true })
    const challenge = { job, settled: [], pending: [], account }
    expect(await cairn.challengeEarnings(coordinator, challenge)).toMatchObject({ ok: true })
    expect(await cairn.closeJob(submitter, job)).toMatchObject(refused('NotClosable'))
    expect(await cairn.assertEarnings(worker, claim)).toMatchObject({ ok: true })
    await network.advance(network.parameters.challengeSeconds)
    expect(await cairn.settleEarnings(worker, job)).toMatchObject({ ok: true })
    expect(await cairn.closeJob(submitter, job)).toMatchObject({ ok: true })
  })

  it('refund a job that nobody ever coordinated', async () => {
    const job = await unleasedJob('9')
    expect(await cairn.cancelJob(submitter, job)).toMatchObject({ ok: true })
    await network.advance(network.parameters.cancelSeconds + 1)
    expect(await cairn.closeJob(submitter, job)).toMatchObject({ ok: true, refund: 1_000n })
  })

  it('end a job that diverged', async () => {
    const job = await leasedJob('b')
    const whole = await round(job, { ...first, globalRoot: NO_HASH, documentId: hash('6') })
    const end = { ...whole, works: whole.works.slice(0, 3) }
    // Without the units of all replicas nobody could say that it did not diverge.
    for (const works of [whole.works, whole.works.slice(0, 2), []])
      expect(await cairn.endJob(coordinator, withClaims({ epoch: 1, ...whole, works }))).toMatchObject(
        refused('BadWorks'),
      )
    expect(await cairn.endJob(coordinator, withClaims({ epoch: 1, ...end }))).toMatchObject({ ok: true })
    expect(await cairn.readAnchors(worker, job)).toMatchObject({ isEnded: true, rounds: 0 })
    expect(await cairn.listAnchors(worker, job)).toMatchObject([end])
  })

  it('take the bond of whoever asserts wrong earnings', async () => {
    const job = await leasedJob('6')
    const round0 = await round(job, first)
    await cairn.anchorRound(coordinator, withClaims({ epoch: 1, ...round0 }))
    await network.advance(network.parameters.challengeSeconds)
    await cairn.finaliseRound(worker, round0)
    const { leaves } = cairn.earningsTree([
      { job, account: accountOf(worker), counts: { ...noCounts, trained: 3n, evaluated: 1n } },
      { job, account: accountOf(coordinator), counts: { ...noCounts, trained: 0n, kept: 2n, coordinated: 1n } },
    ])
    await cairn.assertEarnings(coordinator, { job, epoch: 1, rounds: 1, leaves, isFinal: false })
    const challenge = { job, settled: [], pending: leaves }
    for (const [client, code] of [
      [worker, 'EarningsRight'],
      [coordinator, undefined],
    ] as const) {
      const account = accountOf(client)
      expect(await cairn.challengeEarnings(worker, { ...challenge, account })).toMatchObject(refused('NotCounted'))
      expect(await cairn.countEarnings(worker, job, account, [round0])).toMatchObject({ ok: true })
      const result = await cairn.challengeEarnings(worker, { ...challenge, account })
      expect(result).toMatchObject(code ? refused(code) : { ok: true })
    }
    expect((await cairn.readEarnings(worker, job)).pending).toBeUndefined()
    const bond = network.parameters.earningsBond
    expect(await cairn.readNode(worker, accountOf(coordinator))).toMatchObject({ stake: 200n * TOKEN - bond })
    expect(await cairn.releaseLease(coordinator, job, 1)).toMatchObject({ ok: true })
  })
})
