/** What only happens on a chain with others on it: races, calls that are not ours to make, contracts that will not deploy. */
import { type HashHex, toHashHex } from '@cairn/primitives'
import type { JobId, NetworkParameters } from '@cairn/protocol'
import {
  createTestClient,
  decodeErrorResult,
  encodeDeployData,
  encodeFunctionData,
  http,
  publicActions,
  zeroAddress,
} from 'viem'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anchorsAbi } from './abi/anchors.ts'
import { errorsAbi } from './abi/errors.ts'
import { escrowAbi } from './abi/escrow.ts'
import { registryAbi, registryBytecode } from './abi/registry.ts'
import { slashingAbi } from './abi/slashing.ts'
import { call } from './chain/call.ts'
import { revertData } from './chain/errors.ts'
import { judgedDisputesAbi, judgedDisputesBytecode } from './conformance/judged-disputes.ts'
import { addStake, approveNode, type ChainClient, faucet, jobKey, registerNode, submitJob, takeLease } from './index.ts'
import { accountOf, startTestNetwork, type TestNetwork } from './testing/test-network.ts'

const document: HashHex = toHashHex('d'.repeat(64))
const prices = { trainPrice: 0n, evaluatePrice: 0n, custodyPrice: 0n, roundPrice: 0n, auditPrice: 0n }
const policy = { provable: toHashHex('0'.repeat(64)), auditRate: 0, verifiers: 0, policy: 0, maximumUnsettled: 1 }
const counts = { rounds: 1, replicas: 1, evaluateEvery: 0, custodians: 0, ...policy }

let network: TestNetwork
beforeAll(async () => {
  network = await startTestNetwork()
})
afterAll(() => network?.chain.stop())

const miner = () => createTestClient({ mode: 'anvil', transport: http(network.chain.rpcUrl) }).extend(publicActions)

/** Clients that send nothing before each of them has simulated its call; their transactions share a block. */
async function inOneBlock<Value>(clients: readonly ChainClient[], task: (held: ChainClient[]) => Promise<Value>) {
  const anvil = miner()
  await anvil.setAutomine(false)
  const [simulated, sent] = [new Set<object>(), new Set<object>()]
  const [allSimulated, allSent] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const held = clients.map(client => {
    const { wallet } = client.writer!
    const sendTransaction = async (request: never) => {
      if (simulated.add(client).size === clients.length) allSimulated.resolve()
      await allSimulated.promise
      const hash = await wallet.sendTransaction(request)
      if (sent.add(client).size === clients.length) allSent.resolve()
      return hash
    }
    return { ...client, writer: { ...client.writer!, wallet: { ...wallet, sendTransaction } as never } }
  })
  const result = task(held)
  await allSent.promise
  await anvil.mine({ blocks: 1 })
  await anvil.setAutomine(true)
  return result
}

describe('a call', () => {
  it('that somebody else was faster with is refused by name, though its simulation was fine', async () => {
    const [, , submitter, one, two] = network.clients
    for (const client of [one!, two!]) {
      await faucet(client, accountOf(client), 1_000_000_000n)
      await registerNode(client, { peerKey: new Uint8Array(32).fill(1), signature: new Uint8Array(64) })
      await addStake(client, 200_000_000n)
    }
    await submitJob(submitter!, { document, budget: 0n, ...prices, ...counts })
    const job: JobId = jobKey(accountOf(submitter!), document)
    const results = await inOneBlock([one!, two!], held => Promise.all(held.map(client => takeLease(client, job))))
    expect(results.filter(({ ok }) => ok)).toHaveLength(1)
    expect(results.find(({ ok }) => !ok)).toMatchObject({ ok: false, code: 'LeaseHeld' })
  })

  it('that no block takes in is thrown, since it may still come', async () => {
    const client = { ...network.clients[5]!, receiptTimeoutMs: 100 }
    await miner().setAutomine(false)
    await expect(approveNode(client, accountOf(client))).rejects.toMatchObject({
      name: 'ResourceError',
      code: 'ReceiptTimeout',
    })
    await miner().setAutomine(true)
  })

  it('that the chain drops is lost, and not taken for the one that has its nonce then', async () => {
    const known = network.clients[5]!
    const { writer } = known
    const sent = Promise.withResolvers<void>()
    const sendTransaction = async (request: never) => {
      const hash = await writer!.wallet.sendTransaction(request)
      sent.resolve()
      return hash
    }
    const wallet = { ...writer!.wallet, sendTransaction } as never
    const client = { ...known, writer: { ...writer!, wallet }, receiptTimeoutMs: 5_000 }
    const anvil = miner()
    await anvil.setAutomine(false)
    const lost = approveNode(client, accountOf(client)).catch((error: unknown) => error)
    await sent.promise
    await anvil.request({ method: 'anvil_removePoolTransactions', params: [accountOf(client)] } as never)
    await anvil.setAutomine(true)
    expect(await approveNode(client, zeroAddress)).toMatchObject({ ok: true })
    expect(await lost).toMatchObject({ name: 'ResourceError', code: 'TransactionLost' })
  })

  it('that only a contract may make is refused', async () => {
    const stranger = network.clients[6]!
    const { registry, escrow, anchors, slashing } = stranger.addresses
    const account = accountOf(stranger)
    const job = `0x${document}` as const
    const wrong = {
      ...{ job, head: job, previousRoot: job, previousClaims: job, signature: job },
      ...{ round: 0, position: 0, attestation: false, loser: account },
    }
    const requests = [
      { to: registry, data: encodeFunctionData({ abi: registryAbi, functionName: 'lock', args: [account, 0n] }) },
      { to: registry, data: encodeFunctionData({ abi: registryAbi, functionName: 'unlock', args: [account, 0n] }) },
      { to: registry, data: encodeFunctionData({ abi: registryAbi, functionName: 'slash', args: [account, 0n] }) },
      {
        to: anchors,
        data: encodeFunctionData({ abi: anchorsAbi, functionName: 'refute', args: [wrong] }),
      },
      {
        to: slashing,
        data: encodeFunctionData({
          abi: slashingAbi,
          functionName: 'defenceLost',
          args: [wrong, account],
        }),
      },
      {
        to: slashing,
        data: encodeFunctionData({ abi: slashingAbi, functionName: 'assertionLost', args: [job, account, account] }),
      },
      {
        to: slashing,
        data: encodeFunctionData({
          abi: slashingAbi,
          functionName: 'challengeLost',
          args: [job, account, account, 0n],
        }),
      },
      { to: escrow, data: encodeFunctionData({ abi: escrowAbi, functionName: 'owe', args: [job, 0n, true] }) },
      { to: escrow, data: encodeFunctionData({ abi: escrowAbi, functionName: 'pay', args: [job, account, 0n] }) },
    ]
    for (const request of requests) {
      expect(await call(stranger, request)).toMatchObject({ ok: false, code: 'NotModule' })
    }
  })
})

describe('a contract', () => {
  async function refusalOf(data: `0x${string}`): Promise<string> {
    const { reader, account } = network.clients[0]!
    const error = await reader.call({ account: account!, data, gas: 10_000_000n }).then(
      () => undefined,
      cause => revertData(cause),
    )
    return error === undefined ? 'deployed' : decodeErrorResult({ abi: errorsAbi, data: error }).errorName
  }

  it('refuses parameters that break a rule of money, whoever deploys it', async () => {
    const { token, ...modules } = network.clients[0]!.addresses
    const deployment = (change: Partial<NetworkParameters>) =>
      encodeDeployData({
        abi: registryAbi,
        bytecode: registryBytecode,
        args: [token, modules, { ...network.parameters, ...change }],
      })
    expect(await refusalOf(deployment({}))).toBe('deployed')
    for (const change of [
      { unbondingSeconds: 30 },
      { cancelSeconds: 70 },
      { pauseIntervalSeconds: 129 },
      { leaseSeconds: 0 },
      { unbondingSeconds: 36_501 * 86_400 },
      { maximumDelaySeconds: 10 },
      { colludingShare: 1_000_000 },
      { challengeBond: network.parameters.minimumStake / 8n + 1n },
      { minimumStake: 8n * network.parameters.challengeBond - 1n },
      { beaconBlocks: 0 },
      { beaconBlocks: 201 },
    ]) {
      expect(await refusalOf(deployment(change)), Object.keys(change).join()).toBe('BadParameters')
    }
  })

  it('refuses modules that do not know each other', async () => {
    const { slashing } = network.clients[0]!.addresses
    // At another address than the one that the Registry was told.
    const args = [slashing, zeroAddress] as const
    const stray = encodeDeployData({ abi: judgedDisputesAbi, bytecode: judgedDisputesBytecode, args })
    expect(await refusalOf(stray)).toBe('BadParameters')
  })
})
