/** What work comes to: counts from coordinators, prices and what was settled and taken from the chain. */
import { type JobOnChain, listNodes, readEarnings, readJob, readWithdrawn } from '@cairn/contracts'
import { CairnError, encodeHex } from '@cairn/primitives'
import { type Account, type Counts, type JobId, priceOf } from '@cairn/protocol'
import type { WorkSummary } from '../runtime/summaries.ts'
import { type Checking, settledLeaves } from './checked-answers.ts'

/** Amounts in the token's smallest unit. */
interface AccountPay {
  readonly account: string
  /** Its node, where one is known. */
  readonly peer?: string
  readonly counts: Counts
  /** In all anchored rounds, as the coordinator counts. */
  readonly earned: bigint
  readonly withdrawn: bigint
  /** Settled and not taken yet; unknown where nobody has the leaves. */
  readonly withdrawable?: bigint
}

export interface JobPay {
  readonly job: string
  /** What the job owes to all by what is settled. */
  readonly settled: bigint
  /** What it will owe to all when the challenge window has passed. */
  readonly asserted?: { readonly amount: bigint; readonly rounds: number; readonly settlesAtSeconds: number }
  readonly accounts: readonly AccountPay[]
}

const countsOf = ({ trained, evaluated, kept, coordinated, audited }: WorkSummary): Counts => ({
  trained: BigInt(trained),
  evaluated: BigInt(evaluated),
  kept: BigInt(kept),
  coordinated: BigInt(coordinated),
  audited: BigInt(audited),
})

/** Settled amounts by account in lower case; undefined where the leaves cannot be had. */
async function settledAmounts(client: Checking, { job, terms }: JobOnChain): Promise<Map<string, bigint> | undefined> {
  try {
    const leaves = await settledLeaves(client, job)
    return new Map(leaves.map(({ account, counts }) => [account.toLowerCase(), priceOf(terms, counts)]))
  } catch (error) {
    if (error instanceof CairnError) return undefined
    throw error
  }
}

/** Peer keys by account in lower case. */
type Peers = ReadonlyMap<string, string>

async function peersOf({ chain }: Checking): Promise<Peers> {
  const nodes = await listNodes(chain)
  return new Map(nodes.map(({ account, peerKey }) => [account.toLowerCase(), encodeHex(peerKey)]))
}

async function payForJob(
  client: Checking,
  onChain: JobOnChain,
  work: readonly WorkSummary[],
  peers: Peers,
): Promise<JobPay> {
  const { job, terms, owed } = onChain
  const [{ pending }, settled] = await Promise.all([readEarnings(client.chain, job), settledAmounts(client, onChain)])
  const accounts = work.map(async (done): Promise<AccountPay> => {
    const { account } = done
    const peer = peers.get(account)
    const withdrawn = await readWithdrawn(client.chain, job, account as Account)
    const withdrawable = settled && (settled.get(account) ?? 0n) - withdrawn
    const counts = countsOf(done)
    const known = { ...(peer !== undefined && { peer }), ...(withdrawable !== undefined && { withdrawable }) }
    return { account, ...known, counts, earned: priceOf(terms, counts), withdrawn }
  })
  const asserted = pending && {
    amount: priceOf(terms, pending.totals),
    rounds: pending.rounds,
    settlesAtSeconds: pending.settlesAtSeconds,
  }
  return { job, settled: owed, ...(asserted && { asserted }), accounts: await Promise.all(accounts) }
}

/** Prices work, job by job. Throws what reading the chain throws. */
export async function payFor(client: Checking, work: readonly WorkSummary[]): Promise<JobPay[]> {
  if (work.length === 0) return []
  const pay: JobPay[] = []
  const peers = await peersOf(client)
  for (const [job, done] of Map.groupBy(work, each => each.job)) {
    const onChain = await readJob(client.chain, job as JobId)
    if (onChain !== undefined) pay.push(await payForJob(client, onChain, done, peers))
  }
  return pay
}
