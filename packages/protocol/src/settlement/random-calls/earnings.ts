/** Random assertions and withdrawals: mostly what an honest coordinator would say, sometimes not. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../../units.ts'
import type { SettlementCalls } from '../calls.ts'
import type { EarningsLeaf, EarningsTree, SettlementHashing } from '../hashing.ts'
import type { JobState } from '../state.ts'
import { type Account, addCounts, type Counts, mostCounts, noCounts } from '../terms.ts'
import type { Draw } from './draw.ts'

export interface EarningsMemory {
  /** Every tree that was ever asserted, by its root. */
  readonly trees: Map<HashHex, EarningsTree>
  /** Jobs for which somebody asserted totals that are not the sum of the leaves, or leaves that went back. */
  readonly dishonest: Set<JobId>
}

const KINDS = ['trained', 'evaluated', 'kept', 'coordinated'] as const

/** Asserts what a job may owe after some of its rounds, as the sum of what it owed before and what came since. */
export function randomAssertion(
  draw: Draw,
  hashing: SettlementHashing,
  { trees, dishonest }: EarningsMemory,
  accounts: readonly Account[],
  [job, { terms, rounds: anchored, settled, status, isEnded, lease }]: readonly [JobId, JobState],
): SettlementCalls['assertEarnings'] {
  const rounds = draw.chance(85) ? anchored : draw.below(anchored + 2)
  const isCutShort = isEnded || status === 'cancelled'
  const most = mostCounts(terms, rounds + Number(isCutShort && draw.chance(50)))
  const before = trees.get(settled.root)?.leaves ?? []
  const gains = KINDS.map(kind => [kind, gainOf(draw, most[kind] - settled.totals[kind])] as const)
  const leaves = gains.reduce(
    (sum, [kind, gain]) => addTo(sum, { job, account: draw.pick(accounts), counts: { ...noCounts, [kind]: gain } }),
    before,
  )
  const tree = hashing.earningsTree(draw.chance(4) ? leaves.slice(1) : leaves)
  const lies = [addCounts(tree.totals, { ...noCounts, trained: 1n }), settled.totals, noCounts]
  const totals = draw.chance(8) ? draw.pick(lies) : tree.totals
  trees.set(tree.root, tree)
  if (tree.leaves.length < leaves.length || totals !== tree.totals) dishonest.add(job)
  const isLast = anchored === terms.rounds || isEnded || status === 'cancelled'
  const isFinal = draw.chance(isLast ? 70 : 3)
  return { job, epoch: lease.epoch + Number(draw.chance(3)), rounds, root: tree.root, totals, isFinal }
}

/** Withdraws a leaf of the settled tree, or of another, or one that was tampered with. */
export function randomWithdrawal(
  draw: Draw,
  { trees }: EarningsMemory,
  [job, { settled, pending, submitter }]: readonly [JobId, JobState],
): SettlementCalls['withdraw'] {
  const root = draw.chance(90) ? settled.root : (pending?.root ?? settled.root)
  const tree = trees.get(root)
  if (!tree || tree.leaves.length === 0) return { job, account: submitter, counts: noCounts, proof: [] }
  const leaf = draw.pick(tree.leaves)
  const proof = tree.proofOf(leaf.account)
  return draw.chance(4) ? { ...leaf, counts: { ...leaf.counts, kept: 99n }, proof } : { ...leaf, proof }
}

/** Part of what is still possible, now and then one too many, or one less than before. */
function gainOf(draw: Draw, possible: bigint): bigint {
  if (draw.chance(1)) return possible + 1n
  return possible > 0n && draw.chance(60) ? BigInt(draw.below(Number(possible) + 1)) : 0n
}

function addTo(leaves: readonly EarningsLeaf[], gain: EarningsLeaf): EarningsLeaf[] {
  const before: Counts = leaves.find(({ account }) => account === gain.account)?.counts ?? noCounts
  const others = leaves.filter(({ account }) => account !== gain.account)
  return [...others, { ...gain, counts: addCounts(before, gain.counts) }]
}
