/** Who shall keep what a unit leaves behind: live nodes of other owners, in an order that nobody chose. */
import { philox4x32 } from '@cairn/primitives'
import type { PeerAddress } from '../../messages.ts'
import type { Peer } from '../events.ts'
import type { Lease } from '../unit-machine.ts'
import { type Draft, isLive } from './draft.ts'
import { addressOf } from './state.ts'

/** Custodians named in a lease; a worker asks them in order until enough have signed. */
const MOST_NAMED = 8

/** Second word of the Philox key, "keep" in ASCII. */
const CUSTODY_STREAM = 0x6b656570

/** Lists live workers of other owners. */
export function eligibleCustodians({ state, nowMs }: Pick<Draft, 'state' | 'nowMs'>, worker: Peer): Peer[] {
  const owner = state.nodes.get(worker)?.owner
  return [...state.nodes.values()]
    .filter(
      node => node.role === 'worker' && node.owner !== owner && !node.leaving && isLive({ state, nowMs }, node.peer),
    )
    .map(({ peer }) => peer)
}

/** Draws custodians for a lease; repeated for the same lease, the draw is the same as long as the same nodes are there. */
export function drawCustodians(draft: Draft, { seed, node }: Lease): PeerAddress[] {
  const place = (peer: Peer): number => {
    const words = [0, 8, 16].map(at => Number.parseInt(peer.slice(at, at + 8), 16) >>> 0)
    return philox4x32([words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, 0], [seed >>> 0, CUSTODY_STREAM])[0]
  }
  const drawn = eligibleCustodians(draft, node)
    .map(peer => ({ peer, at: place(peer) }))
    .sort((a, b) => a.at - b.at)
  return drawn.slice(0, MOST_NAMED).map(({ peer }) => addressOf(draft.state, peer))
}
