/**
 * A peer that sends what no node should: noise, halves of messages, floods of headers, forgeries in the coordinator's
 * name, questions and blob requests without sense. As a stranger, or as a registered node that went bad.
 */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { addStake, networkId, registerNode, registrationMessage } from '@cairn/contracts'
import { connectClient, type NetworkClient } from '@cairn/node'
import { encodeHex, type HashHex } from '@cairn/primitives'
import { custodyStatement, type JobId, type MessageSigner } from '@cairn/protocol'
import { type Forgery, forge } from './forged-message.ts'
import type { TestNetwork } from './test-network.ts'

export interface HostilePeer {
  /** Sends one of everything to every node. `document` is the id of the job's. */
  volley(job: JobId, document: HashHex): Promise<void>
  stop(): Promise<void>
}

const STAKE = 200_000_000n

/** Registers the peer as a node, with a stake like any other. */
export async function enlist({ chain, host: { signer } }: Pick<NetworkClient, 'chain' | 'host'>): Promise<void> {
  const account = chain.account as `0x${string}`
  await addStake(chain, STAKE)
  const signature = signer.sign(registrationMessage(chain.chainId, chain.addresses.registry, account))
  await registerNode(chain, { peerKey: signer.publicKey, signature })
}

type Lie = Pick<Forgery, 'kind' | 'job' | 'body'>

const noise = (most: number): Uint8Array => new Uint8Array(randomBytes(randomInt(1, most)))
const randomHash = () => encodeHex(randomBytes(32)) as HashHex & JobId

/** More than anybody may ask for; without bounds on what stands they would add up. */
const KEEPS = 50

/** Asks for custody of units that are none, and of blobs that nobody has. */
function keepFlood(job: JobId, signer: MessageSigner): Lie[] {
  const holder = { peer: encodeHex(signer.publicKey), addresses: ['/ip4/127.0.0.1/tcp/1'] }
  return Array.from({ length: KEEPS }, (_, i) => {
    const unit = { job, round: i % 2 === 0 ? randomInt(3) : randomInt(2 ** 40), replica: randomInt(3), kind: 'train' }
    const roots = { updateRoot: randomHash(), newReplicaRoot: randomHash(), saltHash: randomHash() }
    const state = { globalRoot: randomHash(), replicaRoot: randomHash(), checkpointRoots: [], lossBits: 0 }
    const commitment = { unit, ...roots, ...state, stepsRoot: randomHash() }
    return { kind: 'keep', job, body: { commitment, holder } }
  })
}

/** Kinds that only coordinators, custodians and workers say, with bodies of the right form. */
function lies(job: JobId, document: HashHex, signer: MessageSigner): Lie[] {
  const unit = { job, round: randomInt(3), replica: randomInt(3), kind: 'train' }
  const roots = { updateRoot: randomHash(), newReplicaRoot: randomHash() }
  // Signed as it should be, by somebody that nobody asked, for blobs that nobody made.
  const account = `0x${encodeHex(randomBytes(20))}`
  const kept = encodeHex(signer.sign(custodyStatement({ ...unit, ...roots, account })))
  const claimSignature = encodeHex(randomBytes(65))
  const custody = { custodians: [], custodiansNeeded: 0 }
  return [
    {
      kind: 'lease',
      job,
      body: { lease: randomInt(99), unit, deadlineMs: 2 ** 50, document, claims: [], sources: [], ...custody },
    },
    { kind: 'closed', job, body: { document, round: unit.round, units: [], startRoot: randomHash(), sources: [] } },
    { kind: 'anchored', job, body: { round: 99, document: noise(1_000) } },
    { kind: 'ended', job, body: { outcome: 'failed', reason: 'so I say' } },
    { kind: 'noted', job, body: { about: 'commit', kind: 'train', round: unit.round, replica: unit.replica } },
    { kind: 'release', job, body: { lease: randomInt(99), reason: 'so I say' } },
    { kind: 'progress', job, body: { lease: randomInt(99), done: 1_000_000, lossBits: 0 } },
    { kind: 'commit', job, body: { outcome: 'diverged', lease: 1, unit, diverged: { graph: 'g', operator: 'o' } } },
    {
      kind: 'report',
      job,
      body: { round: unit.round, outcome: { globalRoot: randomHash() }, signature: '1b'.repeat(65) },
    },
    { kind: 'measure', body: { seed: randomInt(2 ** 32) } },
    { kind: 'measured', body: { seed: randomInt(2 ** 32), root: randomHash() } },
    { kind: 'kept', job, body: { unit, ...roots, account, claimSignature, signature: encodeHex(randomBytes(64)) } },
    { kind: 'kept', job, body: { unit, ...roots, account, claimSignature, signature: kept } },
    ...keepFlood(job, signer),
    { kind: 'pin', job, body: { document, roots: [randomHash()], sources: [] } },
    { kind: 'pin', job, body: { document: randomHash(), roots: [], sources: [] } },
    { kind: 'submitted', job, body: { document: noise(10_000) } },
    { kind: 'pinned', job: randomHash(), body: { roots: [] } },
  ]
}

/** Messages that the guard has a name for each of. */
function badMessages({ host: { signer } }: NetworkClient, network: HashHex, job: JobId): Uint8Array[] {
  const good = { network, kind: 'progress', job, body: { lease: 1, done: 1, lossBits: 0 }, signer }
  const whole = forge(good)
  const stranger = { publicKey: noiseKey(), sign: () => new Uint8Array(randomBytes(64)) }
  return [
    noise(2_000),
    whole.subarray(0, randomInt(1, whole.length)),
    whole,
    whole, // replayed
    forge({ ...good, network: randomHash() }),
    forge({ ...good, kind: 'presence' }),
    forge({ ...good, signer: stranger }),
    forge({ ...good, forger: stranger }),
    forge({ ...good, job: randomHash() }),
    forge({ ...good, body: { lease: -1 } }),
    forge({ ...good, body: { padding: noise(100_000) } }),
    forge({ ...good, sequence: 1 }),
  ]
}

const noiseKey = (): Uint8Array => new Uint8Array(createHash('sha256').update(randomBytes(8)).digest())

/** Frames and requests by hand, on streams of their own. */
async function sendRaw({ host: { connections } }: NetworkClient, peer: string): Promise<void> {
  const garbage: Record<string, Uint8Array> = {
    '/cairn/message/1': Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3),
    '/cairn/blob/1': Uint8Array.from([0, 0, 0, 45, ...randomBytes(45)]),
    '/cairn/query/1': Uint8Array.from([0, 0, 0, 60, ...randomBytes(60)]),
  }
  for (const [protocol, bytes] of Object.entries(garbage)) {
    const stream = await connections.openStream(peer, protocol)
    if (stream === undefined) continue
    try {
      stream.send(bytes)
      stream.send(noise(60_000))
      await stream.close({ signal: AbortSignal.timeout(2_000) })
    } catch {
      stream.abort(new Error('turned away')) // as it should be
    }
  }
}

/** Joins a network: as a stranger, or with a key that has money for a stake. */
export async function joinHostile(network: TestNetwork, isRegistered: boolean): Promise<HostilePeer> {
  const client = await connectClient({ network: network.network, key: await network.addAccount() })
  if (isRegistered) await enlist(client)
  const id = networkId(network.network.chainId, network.network.escrow)
  for (const { peer, addresses } of await client.nodes()) client.host.learn({ peer, addresses })
  const peers = [network.coordinator, ...network.workers].map(({ peerKey }) => peerKey)
  const { host } = client
  return {
    async volley(job, document) {
      for (const peer of peers) {
        for (const bytes of badMessages(client, id, job)) host.send(peer, bytes)
        for (const lie of lies(job, document, host.signer))
          host.send(peer, forge({ ...lie, network: id, signer: host.signer }))
        await sendRaw(client, peer)
      }
      for (const channel of ['presence', 'commitments'] as const) await host.publish(channel, noise(2_000))
      await host.publish(
        'presence',
        forge({ network: id, kind: 'presence', body: { leaving: true }, signer: host.signer }),
      )
    },
    stop: client.stop,
  }
}
