import { afterEach, describe, expect, test } from 'vitest'
import { createHost } from './host.ts'
import { cleanUp } from './testing/clean-up.ts'
import { testHost, testSeed } from './testing/test-host.ts'
import { TEST_NETWORK } from './testing/test-network.ts'

afterEach(cleanUp)

const bytes = (size: number, fill = 7) => new Uint8Array(size).fill(fill)

describe('a host', () => {
  test('listens by TCP and by WebSocket, and is reached by both', async () => {
    const host = await testHost()
    expect(host.addresses()).toHaveLength(2)
    for (const address of host.addresses()) {
      const other = await testHost()
      expect(await other.dial(address)).toBe(host.peer)
      expect(other.connected()).toEqual([host.peer])
    }
  })

  test('says that a port is taken, by either transport', async () => {
    const host = await testHost()
    for (const address of host.addresses()) {
      const listen = [address.split('/p2p/')[0]!]
      await expect(testHost({ listen })).rejects.toMatchObject({ code: 'PortTaken', path: listen[0] })
    }
  })

  test.each([['/ip4/192.0.2.1/tcp/4001'], ['nonsense']])('refuses to listen on %s', async address => {
    await expect(testHost({ listen: [address] })).rejects.toMatchObject({ code: 'BadListenAddress' })
  })

  test('dials nobody at an address where nobody is, and throws nothing', async () => {
    const host = await testHost()
    expect(await host.dial('/ip4/127.0.0.1/tcp/1')).toBeUndefined()
    expect(await host.dial('nonsense')).toBeUndefined()
  })

  test('does not take a peer for another that answers at its address', async () => {
    const [host, right, wrong] = [await testHost(), await testHost(), await testHost()]
    const elsewhere = wrong.addresses().map(address => address.split('/p2p/')[0]!)
    host.learn({ peer: right.peer, addresses: elsewhere })
    expect(await host.connections.openStream(right.peer, '/cairn/message/1')).toBeUndefined()
  })
})

describe('bootstrap', () => {
  const limits = { redialMs: 5, longestRedialMs: 40 }

  test('dials until a peer answers, and again when it was lost', async () => {
    const privateKey = testSeed(900)
    const options = { privateKey, network: TEST_NETWORK, onMessage: () => undefined, onGossip: () => 'accept' as const }
    const first = await createHost(options)
    const [address] = first.addresses()
    const listen = [address!.split('/p2p/')[0]!]
    await first.stop()

    const host = await testHost({ bootstrap: [address!], limits })
    const second = await createHost({ ...options, listen })
    await host.wait('connect', ({ from }) => from === second.peer)
    await second.stop()
    await host.wait('disconnect', ({ from }) => from === second.peer)
    const third = await testHost({ privateKey, listen })
    await third.wait('connect', ({ from }) => from === host.peer)
    expect(host.connected()).toEqual([third.peer])
  })
})

describe('gossip', () => {
  test('reaches peers that are not connected, by way of others, once', async () => {
    const middle = await testHost()
    const ends = [await testHost(), await testHost()]
    for (const end of ends) await end.dial(middle.addresses()[0]!)
    // Subscriptions travel on their own time: publish until the first copy is through.
    const heard = ends[1]!.wait('gossip')
    let isHeard = false
    void heard.then(() => {
      isHeard = true
    })
    for (let i = 0; !isHeard; i++) {
      await ends[0]!.publish('presence', bytes(50, i % 256))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    expect((await heard).from).toBe(middle.peer)
    expect(ends[0]!.connected()).not.toContain(ends[1]!.peer)
    const copies = ends[1]!.arrived.filter(({ kind }) => kind === 'gossip').map(one => one.bytes[0])
    expect(new Set(copies).size).toBe(copies.length)
  })

  test('that the guard rejects goes no further', async () => {
    const middle = await testHost({ onGossip: (_, { length }) => (length === 66 ? 'reject' : 'accept') })
    const [from, to] = [await testHost(), await testHost()]
    for (const end of [from, to]) await end.dial(middle.addresses()[0]!)
    let isHeard = false
    void to
      .wait('gossip', one => one.bytes.length === 50)
      .then(() => {
        isHeard = true
      })
    for (let i = 0; !isHeard; i++) {
      await from.publish('presence', bytes(66, i % 256))
      await from.publish('presence', bytes(50, i % 256))
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    expect(to.arrived.some(one => one.bytes.length === 66)).toBe(false)
  })
})
