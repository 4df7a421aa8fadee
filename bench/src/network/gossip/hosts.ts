/**
 * A child process with some hosts of a network: each seals and publishes presence messages as a node does, opens and
 * checks those of others before it passes them on, and notes when it published and when it heard.
 */

import { silentLogger } from '@cairn/node'
import { createHost, createMailbox, type Host, type Mailbox } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { answerParent } from '../helper.ts'

interface StartHosts {
  readonly count: number
  readonly bootstrap: readonly string[]
}

export interface HostFacts {
  readonly peer: string
  readonly addresses: readonly string[]
}

/** When something was said or heard: nanoseconds of a clock that all processes of the machine share. */
export interface Heard {
  readonly number: number
  readonly atNs: bigint
}

interface Place {
  readonly host: Host
  readonly mailbox: Mailbox
}

const NETWORK = '5e'.repeat(32) as HashHex
const ACCOUNT = `0x${'00'.repeat(20)}`
const rules = { isKnown: () => true, mayStrangersSend: () => true, isJobKnown: () => true }

const places: Place[] = []
const heard: Heard[] = []

async function startHost(bootstrap: readonly string[]): Promise<Place> {
  let mailbox: Mailbox | undefined
  const host = await createHost({
    privateKey: crypto.getRandomValues(new Uint8Array(32)),
    network: NETWORK,
    bootstrap,
    onMessage: () => undefined,
    onGossip: (channel, bytes) => (mailbox?.receive(bytes, channel) ? 'accept' : 'ignore'),
  })
  mailbox = createMailbox({
    network: NETWORK,
    signer: host.signer,
    rules,
    log: silentLogger,
    onMessage: ({ kind, body }) => {
      if (kind === 'presence')
        heard.push({ number: (body as { threads: number }).threads, atNs: process.hrtime.bigint() })
    },
  })
  mailbox.connect({ send: host.send, publish: (channel, bytes) => void host.publish(channel, bytes) })
  return { host, mailbox }
}

function publish({ mailbox, host }: Place, number: number): Heard {
  const atNs = process.hrtime.bigint()
  mailbox.publish('presence', undefined, {
    ...{ address: ACCOUNT, owner: ACCOUNT, role: 'worker', price: '10000' },
    ...{ memoryBytes: 8e9, threads: number, operationsPerSecond: 3e9 },
    ...{ addresses: host.addresses(), leaving: false },
  })
  return { number, atNs }
}

const factsOf = ({ host }: Place): HostFacts => ({ peer: host.peer, addresses: host.addresses() })

answerParent(
  {
    async start({ count, bootstrap }: StartHosts): Promise<HostFacts[]> {
      for (let i = 0; i < count; i++) places.push(await startHost(bootstrap))
      return places.map(factsOf)
    },
    facts: (): HostFacts[] => places.map(factsOf),
    publish: ({ place, number }: { place: number; number: number }): Heard => publish(places[place] as Place, number),
    heard: (): Heard[] => heard.splice(0),
    dial: async ({ place, address }: { place: number; address: string }) => places[place]?.host.dial(address),
  },
  () => Promise.all(places.map(({ host }) => host.stop())),
)
