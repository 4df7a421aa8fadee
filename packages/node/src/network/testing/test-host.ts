/** Real hosts on the loopback, for tests: what arrives is kept and can be waited for. */
import { createHash } from 'node:crypto'
import type { PeerAddress } from '@cairn/protocol'
import { createHost, type Host, type HostOptions } from '../host.ts'
import { atEnd } from './clean-up.ts'
import { TEST_NETWORK } from './test-network.ts'

interface Arrived {
  readonly kind: 'message' | 'gossip' | 'connect' | 'disconnect'
  readonly bytes: Uint8Array
  readonly from: string
}

export interface TestHost extends Host {
  readonly arrived: readonly Arrived[]
  readonly address: PeerAddress
  /** Waits until something of a kind has arrived that `wanted` takes, past or future. */
  wait(kind: Arrived['kind'], wanted?: (one: Arrived) => boolean): Promise<Arrived>
}

export const testSeed = (number: number): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`cairn test host ${number}`).digest())

let nextNumber = 1

/** Starts a host that `cleanUp` stops. */
export async function testHost(options: Partial<HostOptions> = {}): Promise<TestHost> {
  const arrived: Arrived[] = []
  const waiting = new Set<() => void>()
  const arrive = (kind: Arrived['kind'], from: string, bytes: Uint8Array = new Uint8Array()): void => {
    arrived.push({ kind, bytes, from })
    for (const look of waiting) look()
  }
  const host = await createHost({
    privateKey: testSeed(nextNumber++),
    network: TEST_NETWORK,
    onMessage: (bytes, from) => arrive('message', from, bytes),
    onGossip: (_, bytes, from) => {
      arrive('gossip', from, bytes)
      return 'accept'
    },
    onConnect: from => arrive('connect', from),
    onDisconnect: from => arrive('disconnect', from),
    ...options,
  })
  atEnd(() => host.stop())

  function wait(kind: Arrived['kind'], wanted: (one: Arrived) => boolean = () => true): Promise<Arrived> {
    const { promise, resolve } = Promise.withResolvers<Arrived>()
    const look = (): void => {
      const found = arrived.find(one => one.kind === kind && wanted(one))
      if (found === undefined) return
      waiting.delete(look)
      resolve(found)
    }
    waiting.add(look)
    look()
    return promise
  }

  return { ...host, arrived, wait, address: { peer: host.peer, addresses: host.addresses() } }
}

/** Waits until a stream is over, however it ends. */
export function ended(stream: {
  status: string
  addEventListener(type: 'close', listener: () => void): void
}): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.addEventListener('close', () => resolve())
  if (stream.status !== 'open' && stream.status !== 'closing') resolve()
  return promise
}

/** Waits for a count that nothing announces. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 2))
}
