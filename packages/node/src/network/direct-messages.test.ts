import { afterEach, describe, expect, test } from 'vitest'
import { MESSAGE_PROTOCOL } from './direct-messages.ts'
import { framed } from './frames.ts'
import { signerOf } from './signing.ts'
import { cleanUp } from './testing/clean-up.ts'
import { ended, type TestHost, testHost, testSeed, until } from './testing/test-host.ts'

afterEach(cleanUp)

const bytes = (size: number, fill = 7) => new Uint8Array(size).fill(fill)
const numbered = (n: number) => Uint8Array.of(n >> 8, n & 255)
const numberOf = (one: Uint8Array) => one[0]! * 256 + one[1]!
const rawStream = async (from: TestHost, to: TestHost) => {
  from.learn(to.address)
  return (await from.connections.openStream(to.peer, MESSAGE_PROTOCOL))!
}

describe('direct messages', () => {
  test('arrive in order, from whom they came, with no connection made before', async () => {
    const [a, b] = [await testHost(), await testHost()]
    a.learn(b.address)
    for (let n = 0; n < 500; n++) a.send(b.peer, numbered(n))
    await b.wait('message', one => numberOf(one.bytes) === 499)
    const received = b.arrived.filter(({ kind }) => kind === 'message')
    expect(received.map(one => numberOf(one.bytes))).toEqual(Array.from({ length: 500 }, (_, n) => n))
    expect(new Set(received.map(({ from }) => from))).toEqual(new Set([a.peer]))
    // The other way uses the same connection: nobody told b where a is.
    b.send(a.peer, bytes(4_000_000))
    expect((await a.wait('message')).bytes.length).toBe(4_000_000)
  })

  test('go on when the peer comes back under the same key', async () => {
    const a = await testHost()
    const privateKey = testSeed(901)
    const before = await testHost({ privateKey })
    const [address] = before.addresses()
    a.learn({ peer: before.peer, addresses: [address!] })
    a.send(before.peer, bytes(3))
    await before.wait('message')
    await before.stop()
    await a.wait('disconnect')
    const after = await testHost({ privateKey, listen: [address!.split('/p2p/')[0]!] })
    a.send(after.peer, bytes(4))
    expect((await after.wait('message')).bytes.length).toBe(4)
  })

  test('to a peer that is away are dropped and counted, one dial for all of them', async () => {
    const a = await testHost({ limits: { unreachableMs: 60_000 } })
    const away = testSeed(902)

    const { peer } = signerOf(away)
    a.learn({ peer, addresses: ['/ip4/127.0.0.1/tcp/1'] })
    for (let n = 0; n < 10; n++) a.send(peer, numbered(n))
    await until(() => a.counts.undelivered === 10)
    a.send(peer, numbered(10)) // still unreachable: dropped at once
    expect(a.counts).toMatchObject({ sent: 0, undelivered: 11 })
  })

  test('that wait for a slow peer are bounded: the oldest go first', async () => {
    const a = await testHost({ limits: { maxQueuedBytes: 10_000, drainTimeoutMs: 60_000 } })
    const b = await testHost()
    a.learn(b.address)
    for (let n = 0; n < 100; n++) a.send(b.peer, new Uint8Array(1000).fill(n))
    await b.wait('message', one => one.bytes[0] === 99)
    expect(a.counts.overflowed).toBeGreaterThan(80)
    expect(a.counts.sent + a.counts.overflowed).toBe(100)
  })
})

describe('a hostile peer', () => {
  test('that announces a huge message loses its stream, and nothing else happens', async () => {
    const [attacker, victim] = [await testHost(), await testHost()]
    const stream = await rawStream(attacker, victim)
    stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3))
    await ended(stream)
    expect(victim.counts).toMatchObject({ brokenStreams: 1, received: 0 })
    attacker.send(victim.peer, bytes(5))
    expect((await victim.wait('message')).bytes.length).toBe(5)
  })

  test('that nobody knows may send less than one that is known', async () => {
    const friends = new Set<string>()
    const victim = await testHost({ isKnown: peer => friends.has(peer), limits: { maxStrangerMessageBytes: 100 } })
    const attacker = await testHost()
    const stream = await rawStream(attacker, victim)
    stream.send(framed(bytes(100)))
    await victim.wait('message')
    friends.add(attacker.peer)
    stream.send(framed(bytes(101)))
    await victim.wait('message', one => one.bytes.length === 101)
    friends.delete(attacker.peer)
    stream.send(framed(bytes(101)))
    await ended(stream)
    expect(victim.counts).toMatchObject({ received: 2, brokenStreams: 1 })
  })

  test('that never ends a message loses its stream', async () => {
    const attacker = await testHost()
    const victim = await testHost({ limits: { frameTimeoutMs: 20 } })
    const stream = await rawStream(attacker, victim)
    stream.send(framed(bytes(1000)).subarray(0, 500))
    await ended(stream)
    expect(victim.counts).toMatchObject({ brokenStreams: 1, received: 0 })
  })

  test('that closes half of its stream has said what it said', async () => {
    const [attacker, victim] = [await testHost(), await testHost()]
    const stream = await rawStream(attacker, victim)
    stream.send(framed(bytes(9)))
    stream.send(framed(bytes(1000)).subarray(0, 500))
    await stream.close()
    expect((await victim.wait('message')).bytes.length).toBe(9)
    await ended(stream)
    expect(victim.counts).toMatchObject({ received: 1, brokenStreams: 0 })
  })

  test('that floods is heard at its rate only', async () => {
    const attacker = await testHost()
    const victim = await testHost({ limits: { messageRate: { perSecond: 1, burst: 10 } }, nowMs: () => 0 })
    const stream = await rawStream(attacker, victim)
    for (let n = 0; n < 1000; n++) stream.send(framed(numbered(n)))
    await until(() => victim.counts.tooMany === 990)
    expect(victim.counts.received).toBe(10)
  })

  test('that opens many streams gets no more than its share', async () => {
    const [attacker, victim] = [await testHost(), await testHost()]
    const streams = await Promise.all(
      Array.from({ length: 12 }, () => rawStream(attacker, victim).catch(() => undefined)),
    )
    for (const stream of streams) if (stream?.status === 'open') stream.send(framed(bytes(3)))
    attacker.send(victim.peer, bytes(3))
    await victim.wait('message')
    expect(victim.counts.received).toBeLessThanOrEqual(4)
  })
})
