/**
 * A node whose work takes no time: the real worker role on a real host, with letters for tensors. Custodians' signatures
 * are real, but made here with their keys: what the coordinator hears is the same, and what custodians say to workers,
 * which it never hears, is left out. Such a node says its presence and follows no gossip.
 */

import type { SigningDomain } from '@cairn/contracts'
import { silentLogger } from '@cairn/node'
import { createHost, createMailbox, type Mailbox, signerOf } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { privateKeyToAccount } from 'viem/accounts'
import { findOpened, rememberOpened } from './large-messages.ts'
import { type ToyCounts, type ToyWorkerParts, toyWorker } from './toy-worker.ts'

export interface ToyIdentity {
  /** Private key of its account. */
  readonly accountKey: `0x${string}`
  readonly seed: Uint8Array
}

export interface ToyNetwork {
  readonly network: HashHex
  readonly bootstrap: readonly string[]
  /** The coordinator's peer. */
  readonly coordinator: string
  /** Where signatures of accounts count. */
  readonly domain: SigningDomain
}

const TIMER_MS = 500
const PRESENCE_MS = 2_000
const OPERATIONS_PER_SECOND = 3_000_000_000
const rules = { isKnown: () => true, mayStrangersSend: () => true, isJobKnown: () => true }

function announce(mailbox: Mailbox, account: string, addresses: readonly string[]): void {
  mailbox.publish('presence', undefined, {
    ...{ address: account, owner: account, role: 'worker', price: '1', memoryBytes: 2 ** 30, threads: 1 },
    ...{ operationsPerSecond: OPERATIONS_PER_SECOND, addresses, leaving: false },
  })
}

/** Starts a node and joins. Returns what stops it. */
export async function startToyNode(
  { accountKey, seed }: ToyIdentity,
  { network, bootstrap, coordinator, domain }: ToyNetwork,
  custodians: ToyWorkerParts['custodians'],
  counts: ToyCounts,
): Promise<() => Promise<void>> {
  const [signer, account] = [signerOf(seed), privateKeyToAccount(accountKey)]
  let opening: Uint8Array = new Uint8Array()
  const mailbox = createMailbox({
    ...{ network, signer, rules, log: silentLogger },
    onMessage(message) {
      rememberOpened(opening, message)
      worker.hear(message)
    },
  })
  const worker = toyWorker({ signers: { signer, account, domain }, mailbox, coordinator, custodians, counts })
  const host = await createHost({
    ...{ privateKey: seed, network, bootstrap, listen: ['/ip4/127.0.0.1/tcp/0'], channels: [] },
    onMessage(bytes, from) {
      const opened = findOpened(bytes)
      opening = bytes
      if (opened === undefined) mailbox.receive(bytes, 'direct', from)
      else worker.hear(opened)
    },
    onGossip: () => 'ignore',
  })
  mailbox.connect({ send: host.send, publish: (channel, bytes) => void host.publish(channel, bytes) })
  const timers = [
    setInterval(() => worker.tell({ event: 'timer' }), TIMER_MS),
    setInterval(() => announce(mailbox, account.address.toLowerCase(), host.addresses()), PRESENCE_MS),
  ]
  return async () => {
    for (const timer of timers) clearInterval(timer)
    await host.stop()
  }
}
