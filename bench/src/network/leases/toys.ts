/** A child process with many toy nodes. */
import { type Signer, signerOf } from '@cairn/node/parts'
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
      const signers = new Map<string, Signer>()
      for (const signer of all.map(({ seed }) => signerOf(seed))) signers.set(signer.peer, signer)
      for (const identity of mine)
        stops.push(await startToyNode(identity, network, peer => signers.get(peer) as Signer, counts))
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
