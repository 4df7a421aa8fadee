import { toHashHex } from '@cairn/primitives'
import type { JobId } from '@cairn/protocol'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from './chain/port.ts'
import {
  approveNode,
  cancelJob,
  checkNetwork,
  createChainClient,
  deploy,
  readAddresses,
  readJob,
  takeLease,
} from './index.ts'
import { localParameters } from './local-parameters.ts'
import { startTestNetwork, type TestNetwork } from './testing/test-network.ts'

const job = toHashHex('a'.repeat(64)) as string as JobId
const nobody = '0x00000000000000000000000000000000000000aa'

let network: TestNetwork
beforeAll(async () => {
  network = await startTestNetwork()
})
afterAll(() => network?.chain.stop())

describe('a connection', () => {
  it('is fine on the right chain', async () => {
    await expect(checkNetwork(network.clients[2]!)).resolves.toBeUndefined()
  })

  it('to another chain is refused, before and at a write', async () => {
    const { rpcUrl, keys } = network.chain
    const client = createChainClient({ rpcUrl, chainId: 1, privateKey: keys[2]! }, network.clients[0]!.addresses)
    await expect(checkNetwork(client)).rejects.toMatchObject({ code: 'WrongChain', found: 'chain 31337' })
    await expect(deploy(client, { parameters: localParameters })).rejects.toMatchObject({ code: 'WrongChain' })
  })

  it('that nobody answers is a resource error, in checks, reads and writes', async () => {
    const rpcUrl = `http://127.0.0.1:${await freePort('127.0.0.1')}`
    const options = { rpcUrl, chainId: 31_337, privateKey: network.chain.keys[2]! }
    const client = createChainClient(options, network.clients[0]!.addresses)
    const unreachable = { name: 'ResourceError', code: 'ChainUnreachable', path: rpcUrl }
    await expect(checkNetwork(client)).rejects.toMatchObject(unreachable)
    await expect(readJob(client, job)).rejects.toMatchObject(unreachable)
    await expect(cancelJob(client, job)).rejects.toMatchObject(unreachable)
  })

  it('to addresses without contracts, or with others, is refused', async () => {
    const { addresses, ...client } = network.clients[2]!
    const missing = { ...client, addresses: { ...addresses, anchors: nobody } } as const
    await expect(checkNetwork(missing)).rejects.toMatchObject({ code: 'NoContract', path: nobody })
    const swapped = { ...client, addresses: { ...addresses, anchors: addresses.token } }
    await expect(checkNetwork(swapped)).rejects.toMatchObject({ code: 'NoContract' })
    await expect(readAddresses(client, nobody)).rejects.toMatchObject({ code: 'NoContract', path: nobody })
    await expect(readJob({ ...client, addresses: { ...addresses, escrow: nobody } }, job)).rejects.toMatchObject({
      code: 'NoContract',
    })
  })

  it('to contracts of two networks is refused', async () => {
    const other = await deploy(network.clients[0]!, { parameters: localParameters })
    const mixed = { ...network.clients[2]!, addresses: { ...network.clients[2]!.addresses, earnings: other.earnings } }
    await expect(checkNetwork(mixed)).rejects.toMatchObject({ code: 'NoContract', path: mixed.addresses.escrow })
  })

  it('between machines whose clocks differ is refused', async () => {
    const client = network.clients[2]!
    const clock = { clockToleranceMs: 5_000, nowMs: Date.now() + 60_000 }
    await expect(checkNetwork(client, clock)).rejects.toMatchObject({ code: 'ClockOff' })
  })

  it('without a key only reads', async () => {
    const { rpcUrl, chainId } = network.chain
    const client = createChainClient({ rpcUrl, chainId }, network.clients[0]!.addresses)
    expect(await readJob(client, job)).toBeUndefined()
    await expect(takeLease(client, job)).rejects.toMatchObject({ code: 'NoKey' })
  })

  it('of an account without money for gas says so', async () => {
    const { rpcUrl, chainId } = network.chain
    const privateKey = `0x${'77'.repeat(32)}` as const
    const client = createChainClient({ rpcUrl, chainId, privateKey }, network.clients[0]!.addresses)
    expect(await approveNode(client, nobody)).toMatchObject({ ok: false, code: 'InsufficientFunds' })
  })

  it('never deploys parameters that break a rule of money', async () => {
    const parameters = { ...localParameters, unbondingSeconds: localParameters.challengeSeconds }
    await expect(deploy(network.clients[0]!, { parameters })).rejects.toMatchObject({ code: 'BadParameters' })
  })
})
