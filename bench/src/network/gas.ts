/**
 * Case `gas`: what every step of a job costs on the chain: the real contracts on anvil, called as nodes call them. The
 * allowance that goes before a payment into a contract is a row of its own.
 */
import * as contracts from '@cairn/contracts'
import { type ChainClient, earningsTree } from '@cairn/contracts'
import { type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import { type Counts, type JobId, maximumPriceOf, NO_HASH, type Terms } from '@cairn/protocol'
import { median, type Row } from '../rows.ts'
import { accountOf, done, mint, startChain } from './chain.ts'
import { type RunCase, rowsFor } from './context.ts'

/** The shape of the demo job. */
const SHAPE = { rounds: 44, replicas: 4, evaluations: 11, custodians: 1 } as const
const PRICES = { trainPrice: 3000n, evaluatePrice: 700n, custodyPrice: 40n, roundPrice: 1000n } as const
const ROUNDS_PER_ASSERTION = 16

const hashOf = (text: string): HashHex => hashToHex(sha256(new TextEncoder().encode(text)))

const terms: Terms = (() => {
  const unpriced: Terms = { document: hashOf('document'), budget: 0n, ...PRICES, ...SHAPE }
  return { ...unpriced, budget: maximumPriceOf(unpriced) }
})()

type Spent = (what: string, gas: bigint) => void

/** Registers a node as it would itself, and tells what its last transactions cost. */
async function register(client: ChainClient, number: number, spent: Spent): Promise<void> {
  await mint(client, 2n * contracts.localParameters.minimumStake)
  const staked = done(await contracts.addStake(client, contracts.localParameters.minimumStake + 50_000_000n))
  spent('stake', staked.gasUsed)
  const before = await client.reader.getBlock({ blockNumber: staked.blockNumber - 1n, includeTransactions: false })
  spent('allowance', before.gasUsed)
  const peerKey = sha256(Uint8Array.of(number))
  const signature = new Uint8Array(64).fill(number + 1)
  spent('registration', done(await contracts.registerNode(client, { peerKey, signature })).gasUsed)
}

/** Everybody's share of so many rounds: each worker has one replica and keeps another's. */
function countsOf(workers: number, place: number, rounds: number): Counts {
  const units = BigInt(rounds)
  const evaluated = BigInt(place === 0 ? Math.floor(rounds / 4) : 0)
  return place < workers
    ? { trained: units, evaluated, kept: units, coordinated: 0n }
    : { trained: 0n, evaluated: 0n, kept: 0n, coordinated: units }
}

const treeOf = (job: JobId, nodes: readonly ChainClient[], rounds: number) =>
  earningsTree(
    nodes.map((node, place) => ({ job, account: accountOf(node), counts: countsOf(SHAPE.replicas, place, rounds) })),
  )

async function settle(
  coordinator: ChainClient,
  nodes: readonly ChainClient[],
  job: JobId,
  rounds: number,
  spent: Spent,
) {
  const { root, totals, leaves, proofOf } = treeOf(job, nodes, rounds)
  const isFinal = rounds === SHAPE.rounds
  const assertion = { job, epoch: 1, rounds, root, totals, isFinal }
  spent('earnings assertion', done(await contracts.assertEarnings(coordinator, assertion)).gasUsed)
  const later = { method: 'evm_increaseTime', params: [contracts.localParameters.challengeSeconds + 1] }
  await coordinator.reader.request(later as never)
  spent('earnings settlement', done(await contracts.settleEarnings(coordinator, job)).gasUsed)
  const kind = rounds > ROUNDS_PER_ASSERTION ? 'withdrawal' : 'first withdrawal of an account'
  for (const leaf of leaves) {
    const client = nodes.find(node => accountOf(node) === leaf.account) as ChainClient
    spent(kind, done(await contracts.withdraw(client, leaf, proofOf(leaf.account))).gasUsed)
  }
}

async function runJob(coordinator: ChainClient, workers: readonly ChainClient[], job: JobId, spent: Spent) {
  spent('coordinator lease', done(await contracts.takeLease(coordinator, job)).gasUsed)
  let previousHead: HashHex = NO_HASH
  for (let round = 0; round < SHAPE.rounds; round++) {
    const [globalRoot, documentId] = [hashOf(`root ${round}`), hashOf(`round ${round}`)]
    const anchor = { job, epoch: 1, previousHead, round, globalRoot, documentId }
    const anchored = done(await contracts.anchorRound(coordinator, anchor))
    spent(round === 0 ? 'first anchored round' : 'anchored round', anchored.gasUsed)
    previousHead = anchored.head
    const rounds = round + 1
    if (rounds % ROUNDS_PER_ASSERTION === 0 || rounds === SHAPE.rounds)
      await settle(coordinator, [...workers, coordinator], job, rounds, spent)
  }
}

/** Runs one job of the demo's shape through the contracts. */
export const gas: RunCase = async ({ scope, log }) => {
  const { chain, client } = await startChain(scope, { leaseSeconds: 3600 })
  const clients = chain.keys.map(client)
  const [coordinator, submitter] = clients.slice(1, 3) as [ChainClient, ChainClient]
  const workers = clients.slice(3, 3 + SHAPE.replicas)
  const gasBy = new Map<string, number[]>()
  const spent: Spent = (what, gasUsed) => gasBy.set(what, [...(gasBy.get(what) ?? []), Number(gasUsed)])
  for (const [number, node] of [coordinator, ...workers].entries()) await register(node, number, spent)
  await mint(submitter, terms.budget)
  const submitted = done(await contracts.submitJob(submitter, terms))
  spent('submission', submitted.gasUsed)
  log(`  ${SHAPE.rounds} rounds of job ${submitted.job.slice(0, 8)} on the chain`)
  await runJob(coordinator, workers, submitted.job, spent)
  spent('closing and refund', done(await contracts.closeJob(submitter, submitted.job)).gasUsed)
  const row = rowsFor('gas')
  return [...gasBy].map(([what, values]): Row => row(`per ${what}`, 'gas', median(values)))
}
