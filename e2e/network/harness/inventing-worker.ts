/** A registered node that calls itself a fast worker, and answers to a standard unit at once, with a root that it has invented. */
import { randomBytes } from 'node:crypto'
import { networkId } from '@cairn/contracts'
import { connectClient } from '@cairn/node'
import { encodeHex, type HashHex } from '@cairn/primitives'
import { forge } from './forged-message.ts'
import { enlist } from './hostile-peer.ts'
import type { TestNetwork } from './test-network.ts'

export interface InventingWorker {
  readonly peerKey: string
  /** Says goodbye: a worker that only calls itself one would be asked to keep what others make. */
  leave(): Promise<void>
}

const PRESENCE_MS = 500

export async function joinInventing({ network, addAccount }: TestNetwork): Promise<InventingWorker> {
  const { host, chain, mailbox, listen, stop } = await connectClient({ network, key: await addAccount() })
  await enlist({ host, chain })
  const address = (chain.account as string).toLowerCase()
  const who = { address, owner: address, role: 'worker', price: '0', addresses: [] }
  const boast = { memoryBytes: 2 ** 40, threads: 1000, operationsPerSecond: 10 ** 15 }
  const id = networkId(network.chainId, network.escrow)
  const say = (leaving: boolean) =>
    host.publish(
      'presence',
      forge({ network: id, kind: 'presence', body: { ...who, ...boast, leaving }, signer: host.signer }),
    )
  listen(({ kind, sender, body }) => {
    if (kind !== 'measure') return
    const root = encodeHex(randomBytes(32)) as HashHex
    mailbox.send(sender, 'measured', undefined, { seed: body.seed, root })
  })
  const timer = setInterval(() => void say(false), PRESENCE_MS)
  return {
    peerKey: encodeHex(host.signer.publicKey),
    async leave() {
      clearInterval(timer)
      await say(true)
      await stop()
    },
  }
}
