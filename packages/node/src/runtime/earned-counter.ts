/** What a job's accounts earned, counted from its anchors, as the contract counts when somebody disagrees. SPEC: docs/spec/earnings.md. */
import { type ChainClient, listAnchors, readLink } from '@cairn/contracts'
import { type HashHex, ResourceError } from '@cairn/primitives'
import { type Account, addCounts, type Counts, earnedIn, type JobId, NO_HASH, noCounts } from '@cairn/protocol'

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
