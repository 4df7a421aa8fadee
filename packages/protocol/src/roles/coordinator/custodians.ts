/** Who shall keep what a unit leaves behind: live nodes of other owners, in an order that nobody chose. */
import { philox4x32 } from '@cairn/primitives'
import type { PeerAddress } from '../../messages.ts'
import type { Peer } from '../events.ts'
import type { Lease } from '../unit-machine.ts'
import { type Draft, isLive } from './draft.ts'
import { addressOf, type NodeInfo } from './state.ts'

/** Custodians that terms may ask for. */
export const MOST_CUSTODIANS = 8

/**
 * Named beyond those that are needed, for some may be silent. SAFETY: no more, or a worker could pass over all but its
 * friends: what only they hold, nobody can audit.
 */
const SPARE = 3

/** Second word of the Philox key, "keep" in ASCII. */
const CUSTODY_STREAM = 0x6b656570

type View = Pick<Draft, 'state' | 'nowMs'>

const liveWorkers = (view: View): NodeInfo[] =>
  [...view.state.nodes.values()].filter(
    ({ role, leaving, peer }) => role === 'worker' && !leaving && isLive(view, peer),
  )

/** Lists live workers of other owners. */
export function eligibleCustodians(view: View, worker: Peer): Peer[] {
  const owner = view.state.nodes.get(worker)?.owner
  return liveWorkers(view)
    .filter(node => node.owner !== owner)
    .map(({ peer }) => peer)
}

/** Counts live workers of other owners, for many nodes at once. */
export function custodianCounter(view: View): (node: NodeInfo) => number {
  const live = liveWorkers(view)
  const byOwner = new Map<string, number>()
  for (const { owner } of live) byOwner.set(owner, (byOwner.get(owner) ?? 0) + 1)
  return ({ owner }) => live.length - (byOwner.get(owner) ?? 0)
}

/** Draws custodians for a lease, a few more than are needed; repeated for the same lease, the draw is the same as long as the same nodes are there. */
export function drawCustodians(draft: Draft, { seed, node }: Lease, needed: number): PeerAddress[] {
  const place = (peer: Peer): number => {
    const words = [0, 8, 16].map(at => Number.parseInt(peer.slice(at, at + 8), 16) >>> 0)
    return philox4x32([words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, 0], [seed >>> 0, CUSTODY_STREAM])[0]
  }
  const drawn = eligibleCustodians(draft, node)
    .map(peer => ({ peer, at: place(peer) }))
    .sort((a, b) => a.at - b.at)
  return drawn.slice(0, needed + SPARE).map(({ peer }) => addressOf(draft.state, peer))
}
