/** What a second implementation of docs/spec/anchors.md and docs/spec/earnings.md answers to. Committed in vectors/network. */
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type Counts,
  type EarningsLeaf,
  maximumPriceOf,
  mostCounts,
  NO_HASH,
  priceOf,
  type Terms,
} from '@cairn/protocol'
import { bytesToHex, encodeAbiParameters, keccak256, parseAbiParameters } from 'viem'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import { earningsTree } from '../earnings-tree.ts'
import { anchorHead, jobKey, networkId, registrationMessage } from '../identities.ts'

const account = (digit: string): Account => `0x${digit.repeat(40)}`
const hash = (digits: string): HashHex => digits.repeat(32) as HashHex

const submitter = account('a')
const document = hash('d1')
const job = jobKey(submitter, document)

function anchorCases(): object[] {
  const anchors: Anchor[] = [
    { round: 0, globalRoot: hash('01'), documentId: hash('02') },
    { round: 1, globalRoot: hash('03'), documentId: hash('04') },
    { round: 2, globalRoot: hash('05'), documentId: hash('06') },
  ]
  let previousHead = NO_HASH
  const links = anchors.map(anchor => {
    const head = anchorHead(previousHead, anchor)
    const link = { of: 'anchor', previousHead, ...anchor, head }
    previousHead = head
    return link
  })
  const last = { round: 3, globalRoot: NO_HASH, documentId: hash('07') }
  const [chainId, registry, escrow, node] = [31_337, account('b'), account('c'), account('e')] as const
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
    ...links,
    { of: 'end', previousHead, round: last.round, documentId: last.documentId, head: anchorHead(previousHead, last) },
  ]
}

const terms: Terms = {
  document,
  budget: 100_000n,
  trainPrice: 1_000n,
  evaluatePrice: 200n,
  custodyPrice: 30n,
  roundPrice: 4n,
  rounds: 5,
  replicas: 4,
  evaluations: 2,
  custodians: 2,
}

const counts = (trained: bigint, evaluated: bigint, kept: bigint, coordinated: bigint): Counts => ({
  trained,
  evaluated,
  kept,
  coordinated,
})

/** keccak256(keccak256(abi.encode(...))), written out here once more, beside OpenZeppelin's. */
function leafHash({ counts: c, ...leaf }: EarningsLeaf): HashHex {
  const types = parseAbiParameters('bytes32, address, uint64, uint64, uint64, uint64')
  const fields = [toBytes32(leaf.job), leaf.account, c.trained, c.evaluated, c.kept, c.coordinated] as const
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
    { job, account: account('4'), counts: counts(0n, 0n, 12n, 0n) },
  ]
  const limits = [0, 1, 3, 5].map(rounds => ({ of: 'limits', rounds, most: mostCounts(terms, rounds) }))
  const { document: _, ...prices } = terms
  return [
    { of: 'terms', ...prices, maximum: maximumPriceOf(terms) },
    ...limits,
    treeCase([]),
    treeCase(leaves.slice(0, 1)),
    treeCase(leaves.slice(0, 3)),
    treeCase(leaves),
  ]
}

/** Integers that may exceed 2^53 are text. */
const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

function render(about: string, cases: readonly object[]): string {
  const lines = cases.map(one => `    ${JSON.stringify(one, plain)}`).join(',\n')
  return `{\n  "format": "cairn/vectors/network",\n  "about": "${about}",\n  "cases": [\n${lines}\n  ]\n}\n`
}

/** Returns the files by name. */
export const settlementVectors = (): Record<string, string> => ({
  'anchors.json': render('identities and chains of rounds; hashes are hex', anchorCases()),
  'earnings.json': render(
    'prices, limits and trees of earnings; hashes are hex, counts and money text',
    earningsCases(),
  ),
})
