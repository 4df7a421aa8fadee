/**
 * Gossip: what everybody in a network hears. SPEC: docs/spec/messages.md "Channels". A message is judged before it is
 * passed on, so that what no guard would take goes no further than one hop.
 */
import type { HashHex } from '@cairn/primitives'
import type { Channel } from '@cairn/protocol'
import { TopicValidatorResult } from '@libp2p/gossipsub'
import type { Libp2pNode } from './libp2p-node.ts'
import { peerOf } from './signing.ts'

export type GossipChannel = Exclude<Channel, 'direct'>

/** `ignore` neither passes on nor blames; `reject` blames the peer that passed it on. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject'

export interface Gossip {
  /** Publishes to all peers; returns how many were told directly. */
  publish(channel: GossipChannel, bytes: Uint8Array): Promise<number>
}

const CHANNELS: Record<GossipChannel, true> = { presence: true, commitments: true }

const ALL_CHANNELS = Object.keys(CHANNELS) as GossipChannel[]

const RESULTS: Record<GossipVerdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

const topicOf = (network: HashHex, channel: GossipChannel): string => `/cairn/${network}/${channel}`

export const gossipTopics = (network: HashHex): string[] => ALL_CHANNELS.map(channel => topicOf(network, channel))

/** Subscribes a started node to topics of its network; it may publish to the others as well. */
export function gossipOf(
  node: Libp2pNode,
  network: HashHex,
  onGossip: (channel: GossipChannel, bytes: Uint8Array, from: string) => GossipVerdict,
  channels: readonly GossipChannel[] = ALL_CHANNELS,
): Gossip {
  const { gossip } = node.services
  for (const channel of channels) {
    const topic = topicOf(network, channel)
    gossip.topicValidators.set(topic, (peerId, { data }) => {
      const from = peerOf(peerId)
      return from === undefined ? TopicValidatorResult.Reject : RESULTS[onGossip(channel, data, from)]
    })
    gossip.subscribe(topic)
  }
  return {
    async publish(channel, bytes) {
      try {
        return (await gossip.publish(topicOf(network, channel), bytes)).recipients.length
      } catch {
        return 0 // no peers, or full buffers: it is said again
      }
    },
  }
}
