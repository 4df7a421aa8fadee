import {
  type ChainClient,
  createChainClient,
  createConnection,
  deploy,
  type LocalChain,
  latestBlockNumber,
  localParameters,
  readNode,
  startLocalChain,
} from '@cairn/contracts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silentLogger as log } from '../log/logger.ts'
import { signerOf } from '../network/signing.ts'
import { ensureRegistered, registrationKeeper } from './register.ts'

let chain: LocalChain
let client: ChainClient
beforeAll(async () => {
  chain = await startLocalChain()
  const { rpcUrl, chainId, keys } = chain
  const options = { rpcUrl, chainId, privateKey: keys[0]!, pollingMs: 5 }
  client = createChainClient(options, await deploy(createConnection(options), { parameters: localParameters }))
})
afterAll(() => chain?.stop())

it('registers a node, and again when it begins to verify or stops', async () => {
  const account = client.account!
  const [signer, stake] = [signerOf(new Uint8Array(32).fill(1)), localParameters.minimumStake]
  const start = (verifies: boolean) =>
    ensureRegistered({ client, signer, account, owner: account, verifies, stake, hasFaucet: true, log })
  for (const verifies of [false, true, false]) {
    await start(verifies)
    expect(await readNode(client, account)).toMatchObject({ isRegistered: true, verifies, stake })
    const height = await latestBlockNumber(client)
    await start(verifies)
    expect(await latestBlockNumber(client)).toBe(height)
  }
})

it('registers again what the chain has lost with replaced blocks, and not what was changed', async () => {
  const { rpcUrl, chainId, keys } = chain
  const own = createChainClient({ rpcUrl, chainId, privateKey: keys[1]!, pollingMs: 5 }, client.addresses)
  const account = own.account!
  const [signer, stake] = [signerOf(new Uint8Array(32).fill(2)), localParameters.minimumStake]
  const registration = { client: own, signer, account, owner: account, verifies: true, stake, hasFaucet: true, log }
  const before = await latestBlockNumber(own)
  await ensureRegistered(registration)
  const depth = Number((await latestBlockNumber(own)) - before)
  await own.reader.request({ method: 'anvil_reorg', params: [depth, []] } as never)
  expect(await readNode(own, account)).toMatchObject({ isRegistered: false, stake: 0n })

  const keep = registrationKeeper(registration, () => false)
  await Promise.all([keep(), keep()])
  expect(await readNode(own, account)).toMatchObject({ isRegistered: true, verifies: true, stake })

  // Somebody else's peer key at this account is a change that was meant.
  const other = registrationKeeper({ ...registration, signer: signerOf(new Uint8Array(32).fill(3)) }, () => false)
  const height = await latestBlockNumber(own)
  await other()
  expect(await latestBlockNumber(own)).toBe(height)
})
