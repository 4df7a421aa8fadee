/** A network for tests of actions: somebody submits jobs, two nodes coordinate and work, and somebody may pause it all. */
import { concat, type HashHex, toHashHex } from '@cairn/primitives'
import { type Anchor, type Audit, claimsOf, type JobId, NO_HASH, type Terms } from '@cairn/protocol'
import * as cairn from '../index.ts'
import { type RoundPlan, signedAnchor } from './signed-anchor.ts'
import { accountOf, startTestNetwork, type TestNetwork } from './test-network.ts'

export const hash = (digit: string): HashHex => toHashHex(digit.repeat(64))
export const TOKEN = 1_000_000n
export const refused = (code: string) => ({ ok: false, code })

export const terms: Terms = {
  document: hash('d'),
  provable: hash('e'),
  budget: 1_000n,
  trainPrice: 10n,
  evaluatePrice: 5n,
  custodyPrice: 1n,
  roundPrice: 7n,
  auditPrice: 2n,
  rounds: 2,
  replicas: 3,
  evaluateEvery: 1,
  custodians: 1,
  auditRate: 500_000,
  maximumUnsettled: 2,
  verifiers: 1,
  policy: 1,
}

/** What the first two rounds of a job come to. */
export const first = { round: 0, previousRoot: NO_HASH, globalRoot: hash('1'), documentId: hash('2') }
export const second = { round: 1, previousRoot: hash('1'), globalRoot: hash('3'), documentId: hash('4') }

type Link = Pick<RoundPlan, keyof typeof first>

export interface StaffedNetwork extends TestNetwork {
  readonly submitter: cairn.ChainClient
  readonly coordinator: cairn.ChainClient
  readonly worker: cairn.ChainClient
  readonly guardian: cairn.ChainClient
  /** Submits a job whose document is this digit. */
  unleasedJob(digit: string): Promise<JobId>
  /** Submits one, and takes its lease. */
  leasedJob(digit: string): Promise<JobId>
  /** A round as all three replicas and the evaluation are done by the worker; the coordinator audits and keeps. */
  round(job: JobId, link: Link, before?: Anchor, audits?: readonly Audit[]): Promise<Anchor>
}

async function mustBe(result: Promise<cairn.CallResult>): Promise<void> {
  const found = await result
  if (!found.ok) throw new Error(found.reason)
}

async function becomeNode(client: cairn.ChainClient): Promise<void> {
  const peerKey = new Uint8Array(32).fill(1)
  const signature = concat(peerKey, new Uint8Array(32).fill(2))
  await mustBe(cairn.registerNode(client, { peerKey, signature }))
  await mustBe(cairn.addStake(client, 200n * TOKEN))
}

export async function startStaffedNetwork(): Promise<StaffedNetwork> {
  const network = await startTestNetwork()
  const [guardian, submitter, coordinator, worker] = network.clients.slice(1) as [Client, Client, Client, Client]
  for (const client of [submitter, coordinator, worker]) await cairn.faucet(client, accountOf(client), 1_000n * TOKEN)
  for (const client of [coordinator, worker]) await becomeNode(client)

  async function unleasedJob(digit: string): Promise<JobId> {
    await mustBe(cairn.submitJob(submitter, { ...terms, document: hash(digit) }))
    return cairn.jobKey(accountOf(submitter), hash(digit))
  }

  return {
    ...network,
    ...{ submitter, coordinator, worker, guardian, unleasedJob },
    async leasedJob(digit) {
      const job = await unleasedJob(digit)
      await mustBe(cairn.takeLease(coordinator, job))
      return job
    },
    round: (job, link, before, audits = []) =>
      signedAnchor({
        ...{ job, ...link, coordinator, audits },
        previousHead: before ? cairn.anchorHead(before) : NO_HASH,
        previousClaims: before ? cairn.claimsHash(claimsOf(before, 3)) : NO_HASH,
        workers: [worker, worker, worker, worker],
        replicas: 3,
        custodians: [accountOf(coordinator)],
      }),
  }
}

type Client = cairn.ChainClient
