/**
 * Every node looks at what coordinators assert about earnings: it counts the links itself, and shows the contract a leaf that
 * is wrong. SPEC: docs/spec/earnings.md "Challenges". All of it is on the chain, so nothing is kept: a node that comes back,
 * or comes second, goes on from there.
 */
import {
  type ChainClient,
  challengeEarnings,
  countEarnings,
  type EarningsClaim,
  earningsTree,
  listAnchors,
  listAssertions,
  type PendingEarnings,
  readEarnings,
  readTally,
} from '@cairn/contracts'
import {
  type Account,
  type Anchor,
  addCounts,
  type Counts,
  earnedIn,
  type JobId,
  type Leaf,
  NO_HASH,
  noCounts,
} from '@cairn/protocol'
import type { ChainWatch, JobView } from './chain-watch.ts'
import { earnedCounter } from './earned-counter.ts'
import type { NodeParts } from './parts.ts'

export interface EarningsWatch {
  /** The chain was read. */
  chainChanged(): void
  /** Looks at what is asserted now. */
  look(): Promise<void>
  /** The chain has replaced blocks: what was challenged may have to be challenged again. */
  chainReplaced(): void
}

export interface EarningsWatchOptions {
  readonly client: ChainClient
  readonly chain: Pick<ChainWatch, 'jobs'>
  readonly log: Pick<NodeParts['log'], 'info' | 'warn'>
  /** Of the network: an assertion is looked at several times before it can count. */
  readonly challengeSeconds: number
}

interface Asserted {
  readonly settled: EarningsClaim
  readonly pending: PendingEarnings
}

interface Counting {
  readonly job: JobId
  readonly account: Account
  readonly settled: EarningsClaim
  readonly links: number
}

type Earned = ReadonlyMap<Account, Counts>

/** Links that one transaction counts at most; fewer where they are too large for that. */
const LINKS_AT_ONCE = 4
const LOOKS_PER_WINDOW = 8

/** Refusals that say that the assertion is no more what it was: somebody else was first, or it is too late. */
const GONE: ReadonlySet<string> = new Set(['NothingPending', 'ChallengeWindowOver', 'BadProof'])

const anchorsFrom = (anchors: readonly Anchor[], round: number): Anchor[] =>
  anchors.filter(anchor => anchor.round >= round)

const isSame = (a: Counts, b: Counts): boolean => (Object.keys(noCounts) as (keyof Counts)[]).every(k => a[k] === b[k])

/** Accounts are written with and without checksum capitals. */
const byAccount = (leaves: Iterable<readonly [Account, Counts]>): Earned =>
  new Map([...leaves].map(([account, counts]) => [account.toLowerCase() as Account, counts]))

const ofLeaves = (leaves: readonly Leaf[]): Earned =>
  byAccount(leaves.map(({ account, counts }) => [account, counts] as const))

/** Finds an account whose asserted leaf is not its settled one plus what it earned since: the rule of the contract. */
function wrongAccount(settled: Earned, since: Earned, asserted: Earned): Account | undefined {
  const accounts = new Set([...settled.keys(), ...since.keys(), ...asserted.keys()])
  return [...accounts].find(account => {
    const right = addCounts(settled.get(account) ?? noCounts, since.get(account) ?? noCounts)
    return !isSame(right, asserted.get(account) ?? noCounts)
  })
}

/** Starts watching. */
export function earningsWatch({ client, chain, log, challengeSeconds }: EarningsWatchOptions): EarningsWatch {
  const earnedOf = earnedCounter(client)
  /** Assertions that were found right, or that nothing more can be done about, by job. */
  const done = new Map<JobId, string>()
  let [isBusy, nextMs] = [false, 0]

  async function isRight({ job, terms }: JobView, { rounds, links, root }: PendingEarnings): Promise<boolean> {
    const earned = await earnedOf(job, { rounds, links, replicas: terms.replicas })
    return earningsTree([...earned].map(([account, counts]) => ({ job, account, counts }))).root === root
  }

  /** Shows the contract what is wrong. Returns whether there is nothing more to do. */
  async function challenge({ job, terms }: JobView, { settled, pending }: Asserted): Promise<boolean> {
    const asserted = await listAssertions(client, job)
    const leavesOf = (root: string) =>
      root === NO_HASH ? [] : (asserted.findLast(each => each.root === root)?.leaves ?? [])
    const [before, said] = [leavesOf(settled.root), leavesOf(pending.root)]
    const anchors = (await listAnchors(client, job, settled.rounds)).filter(({ round }) => round < pending.links)
    const links = anchors.map(anchor => ({ anchor, isClosing: anchor.round === pending.rounds }))
    const since = byAccount(earnedIn(links, terms.replicas))
    const account = wrongAccount(ofLeaves(before), since, ofLeaves(said))
    if (account === undefined) {
      log.warn(
        { job, rounds: pending.rounds },
        'earnings are wrong because of settled ones that nobody challenged in time',
      )
      return true
    }
    log.warn({ job, rounds: pending.rounds, account, asserter: pending.asserter }, 'wrong earnings are challenged')
    const uncounted = await count({ job, account, settled, links: pending.links }, anchors)
    const shown = await challengeEarnings(client, { job, account, settled: before, pending: said })
    if (shown.ok) log.info({ job, asserter: pending.asserter }, 'wrong earnings are gone, and their bond with them')
    else if (!GONE.has(shown.code))
      log.warn(
        { job, account, reason: uncounted ?? shown.reason },
        'wrong earnings could not be challenged; trying again',
      )
    return shown.ok
  }

  /**
   * Counts all links for an account, from where whoever has counted before came to. SAFETY: the asserter may count, too, at any moment: what
   * the contract refuses then is read anew. Returns why not all are counted, if they are not.
   */
  async function count({ job, account, settled, links }: Counting, anchors: readonly Anchor[]) {
    let [atOnce, reason] = [LINKS_AT_ONCE, undefined as string | undefined]
    for (let last = -1; ; ) {
      const next = (await readTally(client, job, account)) ?? settled.rounds
      if (next >= links) return undefined
      if (next === last) {
        if (atOnce === 1) return reason
        atOnce = Math.floor(atOnce / 2)
      }
      last = next
      const counted = await countEarnings(client, job, account, anchorsFrom(anchors, next).slice(0, atOnce))
      if (!counted.ok) ({ reason } = counted)
    }
  }

  async function lookAt(view: JobView): Promise<void> {
    const { settled, pending } = await readEarnings(client, view.job)
    if (pending === undefined) return
    const name = `${pending.root}/${pending.settlesAtSeconds}`
    if (done.get(view.job) === name) return
    if ((await isRight(view, pending)) || (await challenge(view, { settled, pending }))) done.set(view.job, name)
  }

  async function look(): Promise<void> {
    const views = chain.jobs().filter(({ status, anchors }) => {
      return (status === 'open' || status === 'cancelled') && anchors.finalRounds > 0
    })
    // SAFETY: what cannot be looked at in one job keeps nobody from looking at the others.
    for (const view of views)
      await lookAt(view).catch(error =>
        log.warn({ job: view.job, error: String(error) }, 'earnings could not be looked at; trying again'),
      )
  }

  return {
    look,
    chainReplaced: () => done.clear(),
    chainChanged() {
      if (isBusy || Date.now() < nextMs) return
      isBusy = true
      look()
        .catch((error: unknown) => log.warn({ error: String(error) }, 'earnings could not be looked at; trying again'))
        .finally(() => {
          isBusy = false
          nextMs = Date.now() + (challengeSeconds * 1000) / LOOKS_PER_WINDOW
        })
    },
  }
}
