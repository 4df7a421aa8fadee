/** What a second implementation of docs/spec/anchors.md and docs/spec/earnings.md answers to. Committed in vectors/network. */
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type Audit,
  attestationMessage,
  type Counts,
  claimsOf,
  custodyMessage,
  type EarningsLeaf,
  leaseMessage,
  maximumPriceOf,
  mostCounts,
  NO_HASH,
  outerMessage,
  priceOf,
  type Terms,
  unitBondFor,
  type Work,
  workMessage,
} from '@cairn/protocol'
import { bytesToHex, encodeAbiParameters, keccak256, parseAbiParameters } from 'viem'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import { earningsTree } from '../earnings-tree.ts'
import { anchorHead, claimsHash, jobKey, networkId, registrationMessage, rewindHead } from '../identities.ts'
import { workDigest } from '../work-signatures.ts'
import { disputeCases } from './dispute-vectors.ts'

const account = (digit: string): Account => `0x${digit.repeat(40)}`
const hash = (digits: string): HashHex => digits.repeat(32) as HashHex

const submitter = account('a')
const document = hash('d1')
const job = jobKey(submitter, document)

const anchorsAt = account('f')
const work = (digit: string, index: number, custodians: Account[]): Work => ({
  worker: account(digit),
  index,
  claim: hash(`c${digit}`),
  signature: `0x${'1'.repeat(130)}`,
  outer: index < 2 ? `0x${'2'.repeat(130)}` : '0x',
  custodians,
})

const attestation: Audit = {
  ...{ verifier: account('3'), round: 1, index: 0, segment: 2, claim: hash('c1'), signature: `0x${'3'.repeat(130)}` },
}

function anchorCases(): object[] {
  const coordinator = account('5')
  const works = [work('1', 0, [account('2'), account('3')]), work('2', 1, []), work('3', 2, [])]
  const rounds: Pick<Anchor, 'round' | 'globalRoot' | 'documentId' | 'works' | 'audits'>[] = [
    { round: 0, globalRoot: hash('01'), documentId: hash('02'), works, audits: [] },
    { round: 1, globalRoot: hash('03'), documentId: hash('04'), works: works.slice(0, 2), audits: [] },
    {
      round: 2,
      globalRoot: NO_HASH,
      documentId: hash('06'),
      works: works.slice(1, 2),
      audits: [attestation],
    },
  ]
  let [previousHead, previousRoot, previousClaims] = [NO_HASH, NO_HASH, NO_HASH]
  const links = rounds.map(round => {
    const anchor: Anchor = { job, previousHead, previousRoot, previousClaims, coordinator, ...round }
    previousHead = anchorHead(anchor)
    previousRoot = round.globalRoot
    previousClaims = claimsHash(claimsOf(anchor, 2))
    return { of: round.globalRoot === NO_HASH ? 'end' : 'anchor', ...anchor, head: previousHead }
  })
  const [chainId, registry, escrow, node] = [31_337, account('b'), account('c'), account('e')] as const
  const domain = { chainId, anchors: anchorsAt }
  const first = links[0]!
  const custodians = [account('3'), account('4')]
  const lease = { job, epoch: 3, round: 0, index: 1, until: 1_800_000_000, custodians }
  const messages = [
    workMessage(first, works[0]!, 2, claimsHash),
    workMessage(first, works[2]!, 2, claimsHash),
    outerMessage(first, 2, claimsHash),
    leaseMessage(lease, account('2')),
    custodyMessage(lease, works[1]!.claim),
    attestationMessage(job, attestation),
  ].map(message => ({
    ...message,
    of: `${message.of} signature`,
    ...domain,
    digest: workDigest(domain, message).slice(2),
  }))
  return [
    { of: 'job', submitter, document, job },
    { of: 'network', chainId, escrow, network: networkId(chainId, escrow) },
    {
      of: 'registration',
      chainId,
      registry,
      node,
      message: bytesToHex(registrationMessage(chainId, registry, node)).slice(2),
    },
    ...messages,
    ...links,
    { of: 'rewind', previousHead, round: 1, head: rewindHead(previousHead, 1) },
  ]
}

const terms: Terms = {
  document,
  provable: hash('e7'),
  budget: 100_000n,
  trainPrice: 1_000n,
  evaluatePrice: 200n,
  custodyPrice: 30n,
  roundPrice: 4n,
  auditPrice: 50n,
  rounds: 5,
  replicas: 4,
  evaluateEvery: 3,
  custodians: 2,
  auditRate: 100_000,
  maximumUnsettled: 4,
  verifiers: 2,
  policy: 1,
}

/** What the smallest bond is at the border of a division, and where it fits no more. */
const bondCases = (): object[] => {
  const bonds: [Partial<Terms>, number][] = [
    [{}, 200_000],
    [{ trainPrice: 7n, evaluatePrice: 8n, auditRate: 300_001, verifiers: 1 }, 0],
    [{ trainPrice: 1n, evaluatePrice: 0n, auditRate: 1_000_000, verifiers: 5 }, 999_999],
    [{ trainPrice: 0n, evaluatePrice: 0n }, 200_000],
    [{ policy: 0, auditRate: 0, verifiers: 0 }, 200_000],
    [{ trainPrice: 2n ** 125n, auditRate: 1_000_000, verifiers: 1 }, 0],
    [{ trainPrice: 2n ** 126n, auditRate: 1_000_000, verifiers: 1 }, 0],
  ]
  return bonds.map(([change, colludingShare]) => {
    const { trainPrice, evaluatePrice, policy, auditRate, verifiers } = { ...terms, ...change }
    const bond = unitBondFor({ ...terms, ...change }, colludingShare) ?? null
    return { of: 'unit bond', trainPrice, evaluatePrice, policy, auditRate, verifiers, colludingShare, bond }
  })
}

const counts = (trained: bigint, evaluated: bigint, kept: bigint, coordinated: bigint, audited = 0n): Counts => ({
  trained,
  evaluated,
  kept,
  coordinated,
  audited,
})

/** keccak256(keccak256(abi.encode(...))), written out here once more, beside OpenZeppelin's. */
function leafHash({ counts: c, ...leaf }: EarningsLeaf): HashHex {
  const types = parseAbiParameters('bytes32, address, uint64, uint64, uint64, uint64, uint64')
  const fields = [toBytes32(leaf.job), leaf.account, c.trained, c.evaluated, c.kept, c.coordinated, c.audited] as const
  return fromBytes32(keccak256(keccak256(encodeAbiParameters(types, fields))))
}

function treeCase(leaves: readonly EarningsLeaf[]): object {
  const { root, totals, leaves: ordered, proofOf } = earningsTree(leaves)
  const proved = ordered.map(leaf => ({
    account: leaf.account,
    counts: leaf.counts,
    leafHash: leafHash(leaf),
    price: priceOf(terms, leaf.counts),
    proof: proofOf(leaf.account),
  }))
  return { of: 'tree', job, root, totals, price: priceOf(terms, totals), leaves: proved }
}

function earningsCases(): object[] {
  const leaves: EarningsLeaf[] = [
    { job, account: account('3'), counts: counts(8n, 1n, 3n, 0n) },
    { job, account: account('1'), counts: counts(0n, 0n, 0n, 3n) },
    { job, account: account('2'), counts: counts(4n, 0n, 9n, 0n) },
    { job, account: account('4'), counts: counts(0n, 0n, 12n, 0n, 6n) },
  ]
  const limits = [0, 1, 3, 5].map(rounds => ({ of: 'limits', rounds, most: mostCounts(terms, rounds) }))
  const { document: _, provable: __, ...prices } = terms
  return [
    { of: 'terms', ...prices, maximum: maximumPriceOf(terms) },
    ...limits,
    ...bondCases(),
    treeCase([]),
    treeCase(leaves.slice(0, 1)),
    treeCase(leaves.slice(0, 3)),
    treeCase(leaves),
  ]
}

/** Integers that may exceed 2^53 are text, bytes hex. */
const plain = (_: string, value: unknown): unknown => {
  if (value instanceof Uint8Array) return bytesToHex(value).slice(2)
  return typeof value === 'bigint' ? String(value) : value
}

function render(about: string, cases: readonly object[]): string {
  const lines = cases.map(one => `    ${JSON.stringify(one, plain)}`).join(',\n')
  return `{\n  "format": "cairn/vectors/network",\n  "about": "${about}",\n  "cases": [\n${lines}\n  ]\n}\n`
}

/** Returns the files by name. */
export const settlementVectors = (): Record<string, string> => ({
  'anchors.json': render('identities, signatures and chains of rounds; hashes are hex', anchorCases()),
  'earnings.json': render(
    'prices, limits, bonds and trees of earnings; hashes are hex, counts and money text',
    earningsCases(),
  ),
  'disputes.json': render(
    'what is said to contracts of disputes: facts of a job, claims, a charge, moves, and the first positions of one game; hashes and bytes are hex',
    disputeCases(),
  ),
})
