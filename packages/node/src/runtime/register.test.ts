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
import { ensureRegistered } from './register.ts'

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
