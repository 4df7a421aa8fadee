/** A child process with many toy nodes. */
import { signerOf } from '@cairn/node/parts'
import { privateKeyToAccount } from 'viem/accounts'
import { answerParent } from '../helper.ts'
import { startToyNode, type ToyIdentity, type ToyNetwork } from './toy-node.ts'
import type { ToyCounts } from './toy-worker.ts'

export interface StartToys extends ToyNetwork {
  readonly mine: readonly ToyIdentity[]
  readonly all: readonly ToyIdentity[]
}

const counts: ToyCounts = { noted: 0, leases: 0, waitsMs: [] }
const stops: (() => Promise<void>)[] = []

answerParent(
  {
    async start({ mine, all, ...network }: StartToys): Promise<void> {
      const keys = all.map(({ seed, accountKey }) => ({
        signer: signerOf(seed),
        account: privateKeyToAccount(accountKey),
      }))
      const byPeer = new Map(keys.map(each => [each.signer.peer, each]))
      const keyOf = (peer: string) => byPeer.get(peer) as (typeof keys)[number]
      for (const identity of mine) stops.push(await startToyNode(identity, network, keyOf, counts))
    },
    /** Tells what happened since it was last asked. */
    counts(): ToyCounts {
      const { noted, leases } = counts
      Object.assign(counts, { noted: 0, leases: 0 })
      return { noted, leases, waitsMs: counts.waitsMs.splice(0) }
    },
  },
  () => Promise.all(stops.map(stop => stop())),
)
