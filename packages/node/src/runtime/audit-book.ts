/**
 * Who audits what, as every node reads it from the chain: it follows the chain's history and, once the block of a link's
 * beacon is there, says which orders follow. It keeps nothing on disk: a node that starts reads the history again and comes to
 * the same. SPEC: docs/spec/audits.md. Blocks that the chain has replaced are read anew, however many.
 */
import {
  type ChainClient,
  latestBlockNumber,
  listHistory,
  listNodesAt,
  type NodeAtBlock,
  readBlock,
} from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import type { AuditOrder, JobId, NetworkParameters } from '@cairn/protocol'
import type { Logger } from '../log/logger.ts'
import { type AuditDraw, drawAudits } from './audit-draw.ts'
import { type AuditLedger, applyEvents, type DueDraw, EMPTY_LEDGER } from './audit-ledger.ts'
import type { ChainWatch } from './chain-watch.ts'

export interface AuditBook {
  /** The chain was read: look for what is new. */
  chainChanged(): void
  /** What was drawn, the oldest first. */
  draws(): readonly AuditDraw[]
  /** The orders about a round, of void links too. */
  ordersOf(job: JobId, round: number): readonly AuditOrder[]
  isDrawn(job: JobId, segment: { readonly round: number; readonly index: number; readonly segment: number }): boolean
  /** Whether a link is neither final nor void, by the head after it. */
  isOpen(head: HashHex): boolean
  stop(): void
}

export interface AuditBookOptions {
  readonly parts: {
    readonly client: ChainClient
    readonly chain: Pick<ChainWatch, 'job'>
    readonly log: Logger
  }
  readonly parameters: Pick<NetworkParameters, 'beaconBlocks' | 'minimumStake' | 'challengeSeconds'>
  /** Checkpoints of a job's units: its document says it. Undefined until that is here; then `chainChanged` is called. */
  readonly checkpointsOf: (job: JobId) => number | undefined
  /** Called once for every draw, and again where the chain has replaced its beacon. */
  readonly onDrawn: (draw: AuditDraw) => void
  /** The chain has replaced blocks: what was done on it may be undone. */
  readonly onReplaced?: () => void
}

/** How far the chain was read, and what it came to. */
interface Mark {
  readonly number: bigint
  readonly hash: string
  readonly ledger: AuditLedger
}

/** A draw, and the block of its beacon. */
interface Drawn {
  readonly drawnAt: bigint
  /** None where nobody needs it any more. */
  readonly draw?: AuditDraw
}

const START: Mark = { number: -1n, hash: '', ledger: EMPTY_LEDGER }
/** Readings that one may go back to; before them, everything is read again. */
const MOST_MARKS = 16
/** Draws in memory; older ones are of links that are long final. */
const MOST_DRAWS = 2_000

const keyOf = ({ link, refuted }: DueDraw): string => [link.head, refuted?.head, refuted?.worker].join()

/** Starts a book. It reads nothing before `chainChanged`. */
export function auditBook({ parts, parameters, checkpointsOf, onDrawn, onReplaced }: AuditBookOptions): AuditBook {
  const { client, chain, log } = parts
  const { beaconBlocks, minimumStake, challengeSeconds } = parameters
  const rules = { beaconBlocks, termsOf: (job: JobId) => chain.job(job)?.terms }
  let marks: readonly Mark[] = [START]
  let drawn: ReadonlyMap<string, Drawn> = new Map()
  let nodesAt: { readonly block: bigint; readonly nodes: readonly NodeAtBlock[] } | undefined
  let [isReading, isWanted, isStopped] = [false, false, false]

  const ledger = (): AuditLedger => (marks.at(-1) ?? START).ledger
  const draws = (): AuditDraw[] => [...drawn.values()].flatMap(({ draw }) => draw ?? [])

  /** Goes back to the last reading that still is of this chain. */
  async function findMark(): Promise<Mark> {
    let isReplaced = false
    for (;;) {
      const mark = marks.at(-1) ?? START
      if (mark === START || (await readBlock(client, mark.number))?.hash === mark.hash) {
        if (isReplaced) onReplaced?.()
        return mark
      }
      isReplaced = true
      marks = marks.slice(0, -1)
      const { number } = marks.at(-1) ?? START
      drawn = new Map([...drawn].filter(([, { drawnAt }]) => drawnAt <= number))
      nodesAt = undefined
      log.info({ block: Number(mark.number) }, 'the chain has replaced blocks; they are read again')
    }
  }

  /** Takes in what is new. Returns the time of the last block that was read; undefined when it has to be tried again. */
  async function read(): Promise<number | undefined> {
    const number = await latestBlockNumber(client)
    const tip = await readBlock(client, number)
    if (tip === undefined) return undefined
    if (marks.at(-1)?.hash === tip.hash) return tip.timestampSeconds
    const mark = await findMark()
    if (number <= mark.number) return undefined
    const events = await listHistory(client, { fromBlock: mark.number + 1n, toBlock: number })
    // The watch may not have seen the newest job yet.
    const isKnown = events.every(({ args }) => !('anchor' in args) || chain.job(args.job) !== undefined)
    if (!isKnown || (await readBlock(client, number))?.hash !== tip.hash) return undefined
    marks = [...marks, { number, hash: tip.hash, ledger: applyEvents(mark.ledger, events, rules) }]
    if (marks.length > MOST_MARKS) marks = [START, ...marks.slice(2)]
    return tip.timestampSeconds
  }

  async function nodesAtBlock(block: bigint): Promise<readonly NodeAtBlock[]> {
    if (nodesAt?.block !== block) nodesAt = { block, nodes: await listNodesAt(client, block) }
    return nodesAt.nodes
  }

  const isOpen = (head: HashHex): boolean => ledger().links.some(link => link.head === head)

  async function draw(due: DueDraw, nowSeconds: number): Promise<void> {
    const { link, drawnAt } = due
    const [checkpoints, terms] = [checkpointsOf(link.job), chain.job(link.job)?.terms]
    const [anchored, beacon] = [await readBlock(client, link.blockNumber), await readBlock(client, drawnAt)]
    if (anchored === undefined || beacon === undefined || terms === undefined) return
    const { timestampSeconds: anchoredAtSeconds } = anchored
    // PERF: a claim that is void and past its window can be neither paid nor challenged.
    const isPast = !isOpen(link.head) && nowSeconds > anchoredAtSeconds + challengeSeconds
    if (!isPast && checkpoints === undefined) return
    const nodes = isPast ? [] : await nodesAtBlock(link.blockNumber)
    const basis = { chainId: client.chainId, blockHash: beacon.hash, anchoredAtSeconds, nodes, minimumStake, terms }
    const made = isPast || checkpoints === undefined ? undefined : drawAudits(due, { ...basis, checkpoints })
    if (isStopped) return
    drawn = new Map(drawn).set(keyOf(due), made === undefined ? { drawnAt } : { drawnAt, draw: made })
    if (made !== undefined) onDrawn(made)
  }

  function forgetOld(): void {
    const needed = new Set(ledger().due.map(keyOf))
    const old = [...drawn.keys()].filter(key => !needed.has(key))
    const gone = new Set(old.slice(0, Math.max(0, drawn.size - MOST_DRAWS)))
    if (gone.size > 0) drawn = new Map([...drawn].filter(([key]) => !gone.has(key)))
  }

  async function follow(): Promise<void> {
    const nowSeconds = await read()
    if (nowSeconds === undefined) return
    const { number } = marks.at(-1) ?? START
    for (const due of ledger().due)
      if (!isStopped && due.drawnAt <= number && !drawn.has(keyOf(due))) await draw(due, nowSeconds)
    forgetOld()
  }

  function chainChanged(): void {
    if (isStopped) return
    isWanted = isReading
    if (isReading) return
    isReading = true
    follow()
      // The watch says when the chain does not answer.
      .catch(error => isStopped || log.warn({ error: String(error) }, 'audits could not be looked up; trying again'))
      .finally(() => {
        isReading = false
        if (isWanted) chainChanged()
      })
  }

  return {
    chainChanged,
    draws,
    ordersOf: (job, round) =>
      draws()
        .filter(one => one.job === job && one.round === round)
        .flatMap(({ orders }) => orders),
    isDrawn: (job, { round, index, segment }) =>
      draws().some(
        one =>
          one.job === job &&
          one.round === round &&
          one.orders.some(order => order.index === index && order.segment === segment),
      ),
    isOpen,
    stop() {
      isStopped = true
    },
  }
}
