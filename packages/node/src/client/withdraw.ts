/** Taking what was earned: one transaction per job, against the leaves behind its settled root. */
import { earningsTree, type JobOnChain, listJobs, readWithdrawn, withdraw } from '@cairn/contracts'
import { CairnError, type HashHex } from '@cairn/primitives'
import { type Account, type EarningsLeaf, type JobId, priceOf } from '@cairn/protocol'
import { type Checking, settledLeaves } from './checked-answers.ts'

export interface Earned {
  readonly job: JobId
  /** In the token's smallest unit: earned in settled rounds, and what of it was taken before. */
  readonly earned: bigint
  readonly withdrawn: bigint
}

/** Of a job whose leaves cannot be had nobody knows what was earned. */
export interface Withdrawal extends Pick<Earned, 'job'>, Partial<Omit<Earned, 'job'>> {
  readonly result:
    | { readonly ok: true; readonly amount: bigint; readonly transaction: string }
    | { readonly ok: false; readonly reason: string }
}

interface Claim extends Earned {
  readonly leaf: EarningsLeaf
  readonly proof: readonly HashHex[]
}

/** Finds what an account has earned in a job's settled rounds, with the proof. Throws what `settledLeaves` throws. */
async function claimOf(client: Checking, account: Account, { job, terms }: JobOnChain): Promise<Claim | undefined> {
  const tree = earningsTree(await settledLeaves(client, job))
  const leaf = tree.leaves.find(each => each.account.toLowerCase() === account.toLowerCase())
  if (leaf === undefined) return undefined
  const withdrawn = await readWithdrawn(client.chain, job, account)
  return { job, earned: priceOf(terms, leaf.counts), withdrawn, leaf, proof: tree.proofOf(leaf.account) }
}

const jobsOf = async (client: Checking, only: JobId | undefined): Promise<JobOnChain[]> =>
  (await listJobs(client.chain)).filter(({ job }) => only === undefined || job === only)

/** Lists what an account has earned with every job, or one. Throws where the leaves of one cannot be had. */
export async function listEarned(client: Checking, account: Account, only?: JobId): Promise<Earned[]> {
  const earned: Earned[] = []
  for (const job of await jobsOf(client, only)) {
    const claim = await claimOf(client, account, job)
    if (claim !== undefined) earned.push({ job: claim.job, earned: claim.earned, withdrawn: claim.withdrawn })
  }
  return earned
}

/** The leaves of this one job are lost or wrong; that says nothing of others. */
const isOfOneJob = (error: unknown): error is CairnError =>
  error instanceof CairnError && (error.code === 'NotAvailable' || error.code === 'NotAsAnchored')

async function withdrawOne(client: Checking, account: Account, job: JobOnChain): Promise<Withdrawal | undefined> {
  try {
    const claim = await claimOf(client, account, job)
    if (claim === undefined || claim.earned <= claim.withdrawn) return undefined
    const { leaf, proof, ...earned } = claim
    const sent = await withdraw(client.chain, leaf, proof)
    const { ok } = sent
    const result = ok ? { ok, amount: sent.amount, transaction: sent.transaction } : { ok, reason: sent.reason }
    return { ...earned, result }
  } catch (error) {
    if (!isOfOneJob(error)) throw error
    const reason = `${error.message} (${error.path}: ${error.found})`
    return { job: job.job, result: { ok: false, reason } }
  }
}

/** Withdraws what an account has not taken yet, job by job. What is refused, or cannot be proved, is a value. */
export async function withdrawEarnings(client: Checking, account: Account, only?: JobId): Promise<Withdrawal[]> {
  const done: Withdrawal[] = []
  for (const job of await jobsOf(client, only)) {
    if (job.paid === job.owed) continue // everybody has taken all that is settled
    const withdrawal = await withdrawOne(client, account, job)
    if (withdrawal !== undefined) done.push(withdrawal)
  }
  return done
}
