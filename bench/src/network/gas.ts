/**
 * Case `gas`: what every step of a job costs on the chain: the real contracts on anvil, called as nodes call them. The
 * allowance that goes before a payment into a contract is a row of its own.
 */
import * as contracts from '@cairn/contracts'
import { type ChainClient, earningsTree } from '@cairn/contracts'
import { knownClaim, withClaims } from '@cairn/contracts/conformance'
import { type HashHex, hashToHex, sha256 } from '@cairn/primitives'
import {
  type Anchor,
  type Counts,
  claimsOf,
  type JobId,
  maximumPriceOf,
  NO_HASH,
  outerMessage,
  type Terms,
  type UnitClaim,
  type Work,
  workMessage,
} from '@cairn/protocol'
import { median, type Row } from '../rows.ts'
import { accountOf, done, mint, startChain } from './chain.ts'
import { type RunCase, rowsFor } from './context.ts'

/** The shape of the demo job. */
const SHAPE = { rounds: 44, replicas: 4, evaluateEvery: 4, custodians: 1 } as const
const PRICES = { trainPrice: 3000n, evaluatePrice: 700n, custodyPrice: 40n, roundPrice: 1000n } as const
const NO_VERIFICATION = {
  policy: 0,
  provable: NO_HASH,
  auditRate: 0,
  verifiers: 0,
  auditPrice: 0n,
  maximumUnsettled: 64,
} as const
const ROUNDS_PER_ASSERTION = 16
/** Of a unit. */
const CHECKPOINTS = 5

const hashOf = (text: string): HashHex => hashToHex(sha256(new TextEncoder().encode(text)))

const terms: Terms = (() => {
  const unpriced: Terms = { document: hashOf('document'), budget: 0n, ...NO_VERIFICATION, ...PRICES, ...SHAPE }
  return { ...unpriced, budget: maximumPriceOf(unpriced) }
})()

/** As large as a claim of a unit with so many checkpoints. */
const claimOf = (text: string, checkpoints: number): UnitClaim => ({
  globalRoot: hashOf(`start ${text}`),
  replicaRoot: hashOf(`replica ${text}`),
  updateRoot: hashOf(`update ${text}`),
  newReplicaRoot: hashOf(`new replica ${text}`),
  checkpointRoots: Array.from({ length: checkpoints }, (_, i) => hashOf(`checkpoint ${i} ${text}`)),
  lossBits: 0x3f80_0000,
  stepsRoot: hashOf(`steps ${text}`),
  saltHash: hashOf(`salt ${text}`),
})

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
    ? { trained: units, evaluated, kept: units, coordinated: 0n, audited: 0n }
    : { trained: 0n, evaluated: 0n, kept: 0n, coordinated: units, audited: 0n }
}

const treeOf = (job: JobId, nodes: readonly ChainClient[], rounds: number) =>
  earningsTree(
    nodes.map((node, place) => ({ job, account: accountOf(node), counts: countsOf(SHAPE.replicas, place, rounds) })),
  )

/** Lets a challenge window pass. */
async function pass({ reader }: ChainClient): Promise<void> {
  const later = { method: 'evm_increaseTime', params: [contracts.localParameters.challengeSeconds + 1] }
  await reader.request(later as never)
}

/** A round as its coordinator anchors it: every replica's work with its custodian, every fourth time an evaluation. */
async function signedRound(
  job: JobId,
  round: number,
  before: Anchor | undefined,
  { coordinator, workers }: { readonly coordinator: ChainClient; readonly workers: readonly ChainClient[] },
): Promise<Anchor> {
  const isEvaluated = round % 4 === 3
  const works = [...workers, ...(isEvaluated ? workers.slice(0, 1) : [])].map((worker, index): Work => {
    const keeper = workers[(index + 1) % workers.length] as ChainClient
    const custodians = index < SHAPE.replicas ? [accountOf(keeper)] : []
    const claim = knownClaim(claimOf(`${round} ${index}`, index < SHAPE.replicas ? CHECKPOINTS : 0))
    return { worker: accountOf(worker), index, claim, signature: '0x', outer: '0x', custodians }
  })
  const anchor: Anchor = {
    ...{ job, round, works, audits: [], coordinator: accountOf(coordinator) },
    previousHead: before ? contracts.anchorHead(before) : NO_HASH,
    previousRoot: before?.globalRoot ?? NO_HASH,
    previousClaims: before ? contracts.claimsHash(claimsOf(before, SHAPE.replicas)) : NO_HASH,
    globalRoot: hashOf(`root ${round}`),
    documentId: hashOf(`round ${round}`),
  }
  const outer = outerMessage(anchor, SHAPE.replicas, contracts.claimsHash)
  const signed = works.map(async work => {
    const worker = workers[work.index % workers.length] as ChainClient
    const message = workMessage(anchor, work, SHAPE.replicas, contracts.claimsHash)
    const signature = await contracts.signWork(worker, message)
    return {
      ...work,
      signature,
      outer: work.index < SHAPE.replicas ? await contracts.signWork(worker, outer) : work.outer,
    }
  })
  return { ...anchor, works: await Promise.all(signed) }
}

async function settle(
  coordinator: ChainClient,
  nodes: readonly ChainClient[],
  job: JobId,
  rounds: number,
  spent: Spent,
) {
  const { leaves, proofOf } = treeOf(job, nodes, rounds)
  const isFinal = rounds === SHAPE.rounds
  const assertion = { job, epoch: 1, rounds, leaves, isFinal }
  spent('earnings assertion', done(await contracts.assertEarnings(coordinator, assertion)).gasUsed)
  await pass(coordinator)
  spent('earnings settlement', done(await contracts.settleEarnings(coordinator, job)).gasUsed)
  const kind = rounds > ROUNDS_PER_ASSERTION ? 'withdrawal' : 'first withdrawal of an account'
  for (const leaf of leaves) {
    const client = nodes.find(node => accountOf(node) === leaf.account) as ChainClient
    spent(kind, done(await contracts.withdraw(client, leaf, proofOf(leaf.account))).gasUsed)
  }
}

async function runJob(coordinator: ChainClient, workers: readonly ChainClient[], job: JobId, spent: Spent) {
  spent('coordinator lease', done(await contracts.takeLease(coordinator, job)).gasUsed)
  let before: Anchor | undefined
  const open: Anchor[] = []
  for (let round = 0; round < SHAPE.rounds; round++) {
    const anchor = await signedRound(job, round, before, { coordinator, workers })
    const anchored = done(await contracts.anchorRound(coordinator, withClaims({ ...anchor, epoch: 1 })))
    spent(round === 0 ? 'first anchored round' : 'anchored round', anchored.gasUsed)
    before = anchor
    open.push(anchor)
    const rounds = round + 1
    if (rounds % ROUNDS_PER_ASSERTION !== 0 && rounds !== SHAPE.rounds) continue
    await pass(coordinator)
    for (const each of open.splice(0))
      spent('final round', done(await contracts.finaliseRound(coordinator, each)).gasUsed)
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
