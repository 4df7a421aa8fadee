/**
 * Who may have to do the units of a round beside their workers, as every node reads it from the chain: drawn by the beacon of
 * the round before, or of the submission. SPEC: docs/spec/audits.md "Redundancy". Looked up when somebody asks, in the
 * background, and anew after a rewind: the link before the round may be another one then.
 */
import { listNodesAt, readBlock, readLink, readSubmission } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type DoerOrder,
  type DrawnDoer,
  drawDoers,
  type JobId,
  NO_HASH,
  orderDoers,
  POLICIES,
  roundBeacon,
  submittedBeacon,
  type Unit,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { stakedVerifiers } from './audit-draw.ts'
import type { JobView } from './chain-watch.ts'
import type { NodeParts } from './parts.ts'

export interface DoerDraws {
  /** In replica order, of the round after the last one that is anchored; undefined until the chain says it. */
  of(job: JobId, round: number): readonly (readonly DrawnDoer[])[] | undefined
  /** Doers and substitutes of a unit that a worker has. */
  orderOf(unit: Unit, worker: Account): DoerOrder | undefined
}

interface DoerDrawsOptions {
  readonly parts: Pick<NodeParts, 'client' | 'chain' | 'log'>
  readonly parameters: { readonly beaconBlocks: number; readonly minimumStake: bigint }
  /** One more is known. */
  readonly onFound: () => void
}

interface RoundDraw {
  readonly round: number
  /** Of the job when it was looked up: a rewind changes it. */
  readonly head: HashHex
  readonly drawn: readonly (readonly DrawnDoer[])[]
}

const PAUSE_MS = 500

/** Makes what looks draws up. */
export function doerDraws({ parts, parameters, onFound }: DoerDrawsOptions): DoerDraws {
  const { client, chain, log } = parts
  const { beaconBlocks, minimumStake } = parameters
  const known = new Map<JobId, RoundDraw>()
  const nextMs = new Map<JobId, number>()

  /** What came before the round: the link that stands, whatever was voided after it, or the submission. */
  async function placeBefore({ job, anchors: { rounds } }: JobView) {
    if (rounds > 0) return readLink(client, job, rounds - 1)
    return { head: NO_HASH, blockNumber: (await readSubmission(client, job)) ?? 0n }
  }

  async function draw(view: JobView): Promise<RoundDraw | undefined> {
    const { job, terms, anchors } = view
    const { rounds: round } = anchors
    const { head, blockNumber } = await placeBefore(view)
    const block = blockNumber === 0n ? undefined : await readBlock(client, blockNumber + BigInt(beaconBlocks))
    if (block === undefined) return undefined
    const about = { chainId: client.chainId, job, blockHash: block.hash }
    const beacon =
      round === 0 ? submittedBeacon(sha256, about) : roundBeacon(sha256, { ...about, round: round - 1, head })
    const nodes = stakedVerifiers(await listNodesAt(client, blockNumber), minimumStake)
    const drawn = Array.from({ length: terms.replicas }, (_, index) =>
      drawDoers(sha256, beacon, { job, round, index }, nodes, terms.verifiers - 1),
    )
    return { round, head: anchors.head, drawn }
  }

  async function lookUp(view: JobView): Promise<void> {
    const found = await draw(view)
    nextMs.set(view.job, Date.now() + PAUSE_MS)
    if (found === undefined) return
    known.set(view.job, found)
    onFound()
  }

  function of(job: JobId, round: number): RoundDraw['drawn'] | undefined {
    const view = chain.job(job)
    if (view === undefined || POLICIES[view.terms.policy] !== 'redundancy') return undefined
    const found = known.get(job)
    const isNext = view.anchors.rounds === round
    if (found?.round === round && (!isNext || found.head === view.anchors.head)) return found.drawn
    if (!isNext || view.status !== 'open' || Date.now() < (nextMs.get(job) ?? 0)) return undefined
    nextMs.set(job, Number.POSITIVE_INFINITY)
    lookUp(view).catch(error => {
      nextMs.set(job, Date.now() + PAUSE_MS)
      log.warn({ job, error: String(error) }, 'doers could not be looked up; trying again')
    })
    return undefined
  }

  return {
    of,
    orderOf({ job, round, replica }, worker) {
      const drawn = of(job, round)?.[replica]
      const [terms, node] = [chain.job(job)?.terms, chain.nodeOfAccount(worker)]
      if (drawn === undefined || terms === undefined) return undefined
      return orderDoers(drawn, (node?.owner ?? worker).toLowerCase(), terms.verifiers - 1)
    },
  }
}
