/** Random assertions, counts, challenges and withdrawals: mostly what an honest node would say, sometimes not. */
import type { HashHex } from '@cairn/primitives'
import type { Leaf, SettlementCalls } from '../calls.ts'
import type { EarningsLeaf } from '../hashing.ts'
import { countsOf } from '../rules/earnings.ts'
import type { JobState } from '../state.ts'
import { type Account, addCounts, atLeast, type Counts, noCounts, priceOf } from '../terms.ts'
import { earnedIn } from '../works.ts'
import type { EarningsMemory, Situation } from './situation.ts'

const KINDS = ['trained', 'evaluated', 'kept', 'coordinated', 'audited'] as const

/** Asserts what a job owes after its final rounds, as its anchors say; now and then something else. */
export function randomAssertion(situation: Situation): SettlementCalls['assertEarnings'] {
  const { draw, hashing, memory, job } = situation
  const [key, state] = job
  const { rounds: anchored, finalRounds, isEnded, status, terms, lease } = state
  const rounds = draw.chance(85) ? Math.min(anchored, finalRounds) : draw.below(anchored + 2)
  const isLast = rounds === anchored && (anchored === terms.rounds || isEnded || status === 'cancelled')
  const isFinal = draw.chance(isLast ? 80 : 3)
  const right = earnedLeaves(state, isFinal && isEnded ? rounds + 1 : rounds)
  const leaves = draw.chance(40) ? lie(situation, right) : right
  const tree = hashing.earningsTree(leaves.map(leaf => ({ job: key, ...leaf })))
  memory.trees.set(tree.root, tree)
  if (leaves !== right) memory.dishonest.add(key)
  const unordered = leaves.length > 1 && draw.chance(2)
  return {
    job: key,
    epoch: lease.epoch + Number(draw.chance(3)),
    rounds,
    leaves: unordered ? [...leaves].reverse() : leaves,
    isFinal,
  }
}

function earnedLeaves({ links, rounds, terms }: JobState, covered: number): Leaf[] {
  const counted = links.slice(0, covered).map(({ anchor }, i) => ({ anchor, isClosing: i === rounds }))
  return inOrder([...earnedIn(counted, terms.replicas)].map(([account, counts]) => ({ account, counts })))
}

const inOrder = (leaves: readonly Leaf[]): Leaf[] =>
  [...leaves].sort((a, b) => (BigInt(a.account) < BigInt(b.account) ? -1 : 1))

/** One count too many or too few, a leaf left out, a leaf of somebody who did nothing, another's work. */
function lie({ draw, accounts, job: [, { terms, withdrawn }] }: Situation, leaves: readonly Leaf[]): Leaf[] {
  if (leaves.length > 0 && draw.chance(30)) return leaves.filter(leaf => leaf !== leaves[0])
  if (leaves.length > 1 && draw.chance(70)) {
    // The work of one who was paid goes to another, who may be paid for it once more.
    const owed = (leaf: Leaf) => priceOf(terms, leaf.counts) + 1_000n * (withdrawn.get(leaf.account) ?? 0n)
    return swapped([...leaves].sort((a, b) => Number(owed(b) - owed(a))))
  }
  const account = draw.pick(accounts)
  const before = leaves.find(leaf => leaf.account === account)?.counts ?? noCounts
  const kind = draw.pick(KINDS)
  const change: Counts = { ...noCounts, [kind]: before[kind] > 0n && draw.chance(50) ? -1n : 1n }
  const others = leaves.filter(leaf => leaf.account !== account)
  return inOrder([...others, { account, counts: addCounts(before, change) }])
}

function swapped(leaves: readonly Leaf[]): Leaf[] {
  const [first, last] = [leaves[0]!, leaves.at(-1)!]
  const exchanged = [
    { account: first.account, counts: last.counts },
    { account: last.account, counts: first.counts },
  ]
  return inOrder([...exchanged, ...leaves.slice(1, -1)])
}

/** Counts the next links of an assertion for an account: all of them, or a few. */
export function randomCount(situation: Situation): SettlementCalls['count'] {
  const { draw, job } = situation
  const [key, { pending, links, settled }] = job
  const account = someWronged(situation)
  const next = pending?.tallies.get(account)?.next ?? settled.rounds
  const rest = links.slice(next, (pending?.links ?? 0) + Number(draw.chance(3))).map(({ anchor }) => anchor)
  return { job: key, account, links: draw.chance(70) ? rest : rest.slice(Number(draw.chance(10)), 1) }
}

/** Challenges a leaf, of an account whose work was counted if there is one. */
export function randomEarningsChallenge(situation: Situation): SettlementCalls['challengeEarnings'] {
  const { draw, memory, job } = situation
  const [key, { pending, settled }] = job
  const counted = [...(pending?.tallies ?? [])].filter(([, { next }]) => next === pending?.links)
  const account = counted.length > 0 && draw.chance(50) ? draw.pick(counted)[0] : someWronged(situation)
  const said = leavesOf(memory, pending?.root)
  return {
    job: key,
    account,
    settled: leavesOf(memory, settled.root),
    pending: said.length > 1 && draw.chance(4) ? (draw.chance(50) ? said.slice(1) : [...said].reverse()) : said,
  }
}

const leavesOf = ({ trees }: EarningsMemory, root: HashHex | undefined): Leaf[] =>
  (root === undefined ? [] : (trees.get(root)?.leaves ?? [])).map(withoutJob)

/** An account of which the pending assertion says something wrong, if it does; now and then any. */
function someWronged({ draw, accounts, memory, job: [, state] }: Situation): Account {
  const said = leavesOf(memory, state.pending?.root)
  const right = earnedLeaves(state, state.pending?.links ?? 0)
  const wronged = accounts.filter(account => !isSame(countsOf(said, account), countsOf(right, account)))
  return draw.pick(wronged.length > 0 && draw.chance(80) ? wronged : accounts)
}

const isSame = (a: Counts, b: Counts): boolean => atLeast(a, b) && atLeast(b, a)

const withoutJob = ({ account, counts }: EarningsLeaf): Leaf => ({ account, counts })

/** Withdraws a leaf of the settled tree, or of another, or one that was tampered with. */
export function randomWithdrawal({
  draw,
  memory: { trees },
  job: [job, { settled, pending, submitter, terms, withdrawn }],
}: Situation): SettlementCalls['withdraw'] {
  const root = draw.chance(90) ? settled.root : (pending?.root ?? settled.root)
  const tree = trees.get(root)
  if (!tree || tree.leaves.length === 0) return { job, account: submitter, counts: noCounts, proof: [] }
  const due = ({ account, counts }: EarningsLeaf) => priceOf(terms, counts) - (withdrawn.get(account) ?? 0n)
  const dearest = tree.leaves.reduce((a, b) => (due(a) < due(b) ? b : a))
  const leaf = draw.chance(40) ? dearest : draw.pick(tree.leaves)
  const proof = tree.proofOf(leaf.account)
  return draw.chance(4) ? { ...leaf, counts: { ...leaf.counts, kept: 99n }, proof } : { ...leaf, proof }
}
