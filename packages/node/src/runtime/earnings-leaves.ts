/**
 * The leaves of a job's earnings: counted from its anchors, as the contract counts when somebody disagrees, and kept by their
 * root, for nobody can withdraw without them. SPEC: docs/spec/earnings.md "The tree".
 */
import { type ChainClient, earningsTree, listAnchors, readLink } from '@cairn/contracts'
import { encodeUtf8, type HashHex, ResourceError } from '@cairn/primitives'
import {
  type Account,
  addCounts,
  type CoordinatorState,
  type Counts,
  type EarningsLeaf,
  earnedCounts,
  earnedIn,
  type JobId,
  type JobRecord,
  NO_HASH,
  noCounts,
} from '@cairn/protocol'
import type { Storage } from '../storage/open-storage.ts'

type Earned = ReadonlyMap<Account, Counts>

/** Counts what everybody earned in the first links of a job's chain, all of them final. */
export type EarnedCounter = (
  job: JobId,
  about: { readonly rounds: number; readonly links: number; readonly replicas: number },
) => Promise<Earned>

function merged(a: Earned, b: Earned): Earned {
  const sum = new Map(a)
  for (const [account, counts] of b) sum.set(account, addCounts(sum.get(account) ?? noCounts, counts))
  return sum
}

/** What was counted, up to the link after which the job's head was this. */
interface Counted {
  readonly links: number
  readonly head: HashHex
  readonly earned: Earned
}

const NOTHING_COUNTED: Counted = { links: 0, head: NO_HASH, earned: new Map() }

/**
 * PERF: a final link never changes on its chain, so it is read and counted once; a chain that has replaced blocks may hold others in
 * their place, which the head after them tells.
 */
export function earnedCounter(client: ChainClient): EarnedCounter {
  const known = new Map<JobId, Counted>()

  async function standing(job: JobId, before: Counted | undefined): Promise<Counted> {
    if (before === undefined || before.links === 0) return NOTHING_COUNTED
    return (await readLink(client, job, before.links - 1)).head === before.head ? before : NOTHING_COUNTED
  }

  return async (job, { rounds, links, replicas }) => {
    const before = known.get(job)
    const start = await standing(job, before !== undefined && before.links <= links ? before : undefined)
    const anchors = await listAnchors(client, job, start.links)
    const counted = anchors.filter(({ round }) => round < links)
    // SAFETY: a node of the chain that lags behind must not make anybody's earnings look smaller.
    if (counted.length !== links - start.links) throw linksMissing(links, start.links + counted.length)
    const more = earnedIn(
      counted.map(anchor => ({ anchor, isClosing: anchor.round === rounds })),
      replicas,
    )
    const earned = merged(start.earned, more)
    known.set(job, { links, head: counted.at(-1)?.head ?? start.head, earned })
    return earned
  }
}

const linksMissing = (expected: number, found: number): ResourceError =>
  new ResourceError('LinksMissing', 'The chain does not name all links that are to be counted.', {
    expected: `${expected} links`,
    found: `${found}`,
    fix: 'Wait until the node of the chain has caught up.',
  })

/** By root: a last assertion may cover as many rounds as the settled one before it. */
const earningsFact = (job: JobId, root: string): string => `earnings/${job}/${root}`

const leavesText = (leaves: readonly EarningsLeaf[]): Uint8Array =>
  encodeUtf8(JSON.stringify(leaves.map(({ account, counts }) => [account, ...textOf(counts)])))

const textOf = ({ trained, evaluated, kept, coordinated, audited }: Counts): string[] =>
  [trained, evaluated, kept, coordinated, audited].map(String)

/** A root can only be withdrawn against with its leaves; they are kept before it is asserted, and then for good. */
export function rememberLeaves(
  { storage }: { readonly storage: Pick<Storage, 'facts'> },
  job: JobId,
  root: HashHex,
  leaves: readonly EarningsLeaf[],
): void {
  storage.facts.set(earningsFact(job, root), leavesText(leaves))
}

/** Finds the leaves behind a root, as text. Without the note of them they are counted anew, from what the role knows. */
export function assertedLeaves(
  { facts }: Pick<Storage, 'facts'>,
  state: CoordinatorState,
  job: JobId,
  root: string,
): Uint8Array | undefined {
  const noted = facts.get(earningsFact(job, root))
  const record = state.jobs.get(job)
  if (noted !== undefined || record === undefined) return noted
  const leaves = countedAnew(state, record).find(counted => earningsTree(counted).root === root)
  return leaves && leavesText(leaves)
}

/** What may have been asserted of what is anchored: all of it, or the rounds settled. */
function countedAnew({ settings }: CoordinatorState, record: JobRecord): EarningsLeaf[][] {
  const { chain, facts } = record
  const settled = { ...record, chain: { ...chain, anchored: chain.earnings.settledRounds, isEnded: false } }
  return [record, settled].map(job =>
    [...earnedCounts(job, settings.account)].map(([account, counts]) => ({ job: facts.job, account, counts })),
  )
}
