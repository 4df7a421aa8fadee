/** A round of a tiny job on a real network of contracts, with replica 1's unit as its worker claims it. */
import {
  addStake,
  anchorHead,
  anchorRound,
  type ChainClient,
  claimsHash,
  createChainClient,
  createConnection,
  deploy,
  endJob,
  faucet,
  type GameCharge,
  jobKey,
  type LocalChain,
  localParameters,
  provableHash,
  readAnchors,
  registerNode,
  registrationMessage,
  signWork,
  submitJob,
  takeLease,
} from '@cairn/contracts'
import { advanceChain, knownClaim, withClaims } from '@cairn/contracts/conformance'
import { signerOf } from '@cairn/node/parts'
import { type HashFunction, type HashHex, hashToHex, merkleLeafHash, merkleProof } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  DIVERGED,
  evaluatedClaim,
  type NetworkParameters,
  NO_HASH,
  outerMessage,
  type Terms,
  type UnitClaim,
  type Work,
  workMessage,
} from '@cairn/protocol'
import type { TracedJob } from '@cairn/training/conformance'

const MONEY = 1_000_000_000n
const REPLICAS = 2

/** A network with a submitter, a coordinator, two workers and a challenger, all registered and staked. */
export interface DisputeNetwork {
  readonly submitter: ChainClient
  readonly coordinator: ChainClient
  readonly workers: readonly [ChainClient, ChainClient]
  readonly challenger: ChainClient
  /** Of the nodes' Ed25519 keys, by their accounts. */
  readonly seeds: ReadonlyMap<Account, Uint8Array>
  advance(seconds: number): Promise<void>
}

export const accountOf = (client: ChainClient): Account => client.account as Account

export async function startDisputeNetwork(
  chain: LocalChain,
  changes: Partial<NetworkParameters> = {},
): Promise<DisputeNetwork> {
  const { rpcUrl, chainId, keys } = chain
  const options = keys.map(privateKey => ({ rpcUrl, chainId, privateKey, pollingMs: 5 }))
  const parameters = { ...localParameters, challengeSeconds: 600, maximumDelaySeconds: 120, guardian: accountOf0 }
  const periods = {
    cancelSeconds: 2_000,
    pauseIntervalSeconds: 5_000,
    pauseSeconds: 60,
    unbondingSeconds: 2_000,
    leaseSeconds: 3_000,
  }
  const addresses = await deploy(createConnection(options[0]!), {
    parameters: { ...parameters, ...periods, ...changes },
  })
  const clients = options.map(option => createChainClient(option, addresses))
  const [, submitter, coordinator, one, two, challenger] = clients as ChainClient[]
  const seeds = new Map<Account, Uint8Array>()
  await faucet(submitter!, accountOf(submitter!), MONEY)
  for (const [i, node] of [coordinator!, one!, two!, challenger!].entries()) {
    await faucet(node, accountOf(node), MONEY)
    const seed = new Uint8Array(32).fill(i + 1)
    const signer = signerOf(seed)
    seeds.set(accountOf(node), seed)
    const signature = signer.sign(registrationMessage(chainId, addresses.registry, accountOf(node)))
    await registerNode(node, { peerKey: signer.publicKey, signature })
    await addStake(node, MONEY / 2n)
  }
  return {
    submitter: submitter!,
    coordinator: coordinator!,
    workers: [one!, two!],
    challenger: challenger!,
    seeds,
    advance: seconds => advanceChain(chain, seconds),
  }
}

/** Nobody can pause this network. */
const accountOf0 = `0x${'0'.repeat(40)}` as Account

const terms: Omit<Terms, 'document' | 'provable'> = {
  budget: 10_000n,
  trainPrice: 100n,
  evaluatePrice: 50n,
  custodyPrice: 1n,
  roundPrice: 10n,
  auditPrice: 10n,
  rounds: 2,
  replicas: REPLICAS,
  evaluateEvery: 0,
  custodians: 0,
  auditRate: 500_000,
  maximumUnsettled: 2,
  verifiers: 1,
  policy: 1,
}

export interface DisputedRound {
  readonly anchor: Anchor
  readonly charge: Omit<GameCharge, 'part'>
  readonly terms: Terms
}

/** What an evaluation claims that left the domain. */
const divergedEvaluation = (globalRoot: HashHex): UnitClaim => {
  const nothing = { lossBits: 0, stepsRoot: NO_HASH, saltHash: NO_HASH }
  return evaluatedClaim({ globalRoot, ...nothing, diverged: { graph: 'evaluation', operator: 'x' } })
}

/**
 * Submits a job and anchors its round 0: replica 0 as it should be, replica 1 as `claim` says. Where that left the domain the link
 * closes the chain; with `isEvaluated` it says so of an evaluation, too, as if there had been an outer step.
 */
export async function anchorDisputed(
  network: DisputeNetwork,
  hash: HashFunction,
  { provable, newGlobalRoot, claim: honest, job: { program } }: TracedJob,
  claim: UnitClaim,
  document: HashHex,
  isEvaluated = false,
): Promise<DisputedRound> {
  const { submitter, coordinator, workers } = network
  const all = { ...terms, document, provable: provableHash(provable), evaluateEvery: Number(isEvaluated) }
  const isClosing = claim.updateRoot === DIVERGED
  const submitted = await submitJob(submitter, all)
  if (!submitted.ok) throw new Error(submitted.reason)
  const job = jobKey(accountOf(submitter), document)
  const leased = await takeLease(coordinator, job)
  if (!leased.ok) throw new Error(leased.reason)
  const claims = [honest, claim, ...(isEvaluated ? [divergedEvaluation(newGlobalRoot)] : [])]
  const workerOf = (index: number) => workers[index % REPLICAS] as ChainClient
  const bare = claims.map((own, index): Work => {
    const worker = accountOf(workerOf(index))
    return { worker, index, claim: knownClaim(own), signature: '0x', outer: '0x', custodians: [] }
  })
  const link = { job, round: 0, previousHead: NO_HASH, previousRoot: NO_HASH, previousClaims: NO_HASH }
  const globalRoot = isClosing && !isEvaluated ? NO_HASH : newGlobalRoot
  const rest = { globalRoot, documentId: document, coordinator: accountOf(coordinator), audits: [] }
  const unsigned: Anchor = { ...link, ...rest, works: bare }
  const outer = outerMessage(unsigned, REPLICAS, claimsHash)
  const works = await Promise.all(
    bare.map(async (work, i) => ({
      ...work,
      signature: await signWork(workerOf(i), workMessage(unsigned, work, REPLICAS, claimsHash)),
      ...(i < REPLICAS && { outer: await signWork(workerOf(i), outer) }),
    })),
  )
  const anchor = { ...unsigned, works }
  const anchored = await (isClosing ? endJob : anchorRound)(coordinator, withClaims({ epoch: 1, ...anchor }))
  if (!anchored.ok) throw new Error(anchored.reason)
  if ((await readAnchors(coordinator, job)).head !== anchorHead(anchor)) throw new Error('the chain holds another head')
  const hashes = program.leaves.map(leaf => merkleLeafHash(hash, leaf))
  const contents = {
    index: 0,
    content: program.leaves[0] as Uint8Array,
    path: merkleProof(hash, hashes, 0).map(hashToHex),
  }
  const charge = { anchor, position: 1, isOuter: false, job: provable, claims: [claim], claimsBefore: [], contents }
  return { anchor, charge, terms: all }
}
