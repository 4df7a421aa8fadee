/** From a due draw and the blocks that it needs to its orders: pure. SPEC: docs/spec/audits.md "Beacon", "Selection". */
import type { LinkPlace, NodeAtBlock } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type AuditableUnit,
  type AuditOrder,
  type AuditPolicy,
  auditAll,
  type Beacon,
  type JobId,
  POLICIES,
  refutedBeacon,
  roundBeacon,
  type StakedNode,
  selectAudits,
  type Terms,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import type { DueDraw } from './audit-ledger.ts'

/** Who audits what of a link. */
export interface AuditDraw {
  readonly job: JobId
  readonly round: number
  /** After the link. */
  readonly head: HashHex
  readonly beacon: Beacon
  readonly orders: readonly AuditOrder[]
  readonly anchor: Anchor
  /** Whether the link closed the chain. */
  readonly isClosing: boolean
  readonly anchoredAtSeconds: number
  /** Of the link. */
  readonly blockNumber: bigint
  /** The link of the round before. */
  readonly before?: LinkPlace
}

/** What a draw is made with. */
export interface DrawBasis {
  readonly chainId: number
  /** Of the beacon's block. */
  readonly blockHash: HashHex
  /** When the link was added. */
  readonly anchoredAtSeconds: number
  /** Those that were registered then. */
  readonly nodes: readonly NodeAtBlock[]
  readonly minimumStake: bigint
  readonly terms: Pick<Terms, 'policy' | 'auditRate' | 'verifiers' | 'replicas'>
  readonly checkpoints: number
}

/** The verifiers of a list of nodes, as draws take them. */
export const stakedVerifiers = (nodes: readonly NodeAtBlock[], minimumStake: bigint): StakedNode[] =>
  nodes
    .filter(({ verifies, stake }) => verifies && stake >= minimumStake)
    .map(({ account, owner, stake }) => ({ account: lower(account), owner: lower(owner), stake }))

const lower = (account: Account): Account => account.toLowerCase() as Account

function policyOf({ terms, checkpoints }: DrawBasis): AuditPolicy {
  const { auditRate: rate, verifiers } = terms
  const policy = POLICIES[terms.policy] === 'redundancy' ? 'redundancy' : 'audit'
  return { policy, rate, verifiers, checkpoints }
}

/** The units of a link. An account that is no node is its own owner. */
function unitsOf({ link: { job, round, anchor } }: DueDraw, { nodes, terms }: DrawBasis): AuditableUnit[] {
  const owners = new Map(nodes.map(({ account, owner }) => [lower(account), lower(owner)]))
  const ownerOf = (account: Account): Account => owners.get(account) ?? account
  const units = anchor.works.map(
    ({ worker, index, custodians }): AuditableUnit => ({
      ...{ job, round, index, worker, kind: index < terms.replicas ? 'train' : 'evaluate' },
      owner: ownerOf(worker),
      custodianOwners: custodians.map(ownerOf),
    }),
  )
  return units.sort((a, b) => a.index - b.index)
}

/** Draws. */
export function drawAudits(due: DueDraw, basis: DrawBasis): AuditDraw {
  const { link, refuted } = due
  const { chainId, blockHash, nodes, minimumStake, anchoredAtSeconds } = basis
  const { job, round, head, anchor, isClosing, blockNumber, records, before } = link
  const beacon = refuted
    ? refutedBeacon(sha256, { chainId, worker: refuted.worker, head: refuted.head, blockHash })
    : roundBeacon(sha256, { chainId, job, round, head, blockHash })
  const selection = { beacon, policy: policyOf(basis), verifiers: stakedVerifiers(nodes, minimumStake) }
  const units = unitsOf(due, basis)
  const isNamed = ({ index }: AuditableUnit) => refuted?.units.some(unit => unit.index === index) ?? true
  let orders: AuditOrder[]
  if (refuted) orders = auditAll(sha256, selection, units.filter(isNamed))
  else if (isClosing) orders = auditAll(sha256, selection, units, 'its link closed the chain')
  else orders = selectAudits(sha256, selection, units, records)
  const about = { job, round, head, blockNumber, anchor, isClosing, anchoredAtSeconds }
  return { ...about, beacon, orders, ...(before && { before }) }
}
