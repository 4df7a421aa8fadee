/** Money for a local network: nobody's key is needed, since a development chain gives to whoever asks. */
import { type ChainClient, type ChainConnection, createChainClient, faucet } from '@cairn/contracts'
import { createKey } from '@cairn/node/keys'
import { ResourceError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { accepted } from './refusals.ts'

const ETHER = 10n ** 18n
/** Enough gas for weeks of work. */
const GAS_MONEY = 10n * ETHER

const refused = (rpcUrl: string, cause: unknown): ResourceError =>
  new ResourceError('NoFaucet', 'The chain does not give money away.', {
    path: rpcUrl,
    expected: 'a local development chain (anvil)',
    found: cause instanceof Error ? cause.message.split('\n')[0]! : String(cause),
    fix: 'Ask whoever runs the network how to get its token.',
    cause,
  })

async function setGasMoney({ reader, rpcUrl }: ChainConnection, account: Account, wei: bigint): Promise<void> {
  const request = { method: 'anvil_setBalance', params: [account, `0x${wei.toString(16)}`] }
  // viem's types know the methods of public chains only.
  await reader.request(request as never).catch((cause: unknown) => {
    throw refused(rpcUrl, cause)
  })
}

/** Fills an account up with money for gas. Throws `ResourceError` (`NoFaucet`) unless the chain is a development chain. */
async function giveGasMoney(connection: ChainConnection, account: Account): Promise<void> {
  const has = await connection.reader.getBalance({ address: account })
  if (has < GAS_MONEY / 2n) await setGasMoney(connection, account, GAS_MONEY)
}

/** Makes a throw-away account with money for gas, so that two processes never share a key. */
export async function strangersKey(connection: ChainConnection): Promise<`0x${string}`> {
  const key = createKey()
  await giveGasMoney(connection, key.address)
  return key.evmPrivateKey()
}

/** Gives an account money for gas and tokens. Throws `ResourceError` (`NoFaucet`), `InputError` (`FaucetCapExceeded`). */
export async function give(client: ChainClient, account: Account, tokens: bigint): Promise<void> {
  const { rpcUrl, chainId, addresses } = client
  await giveGasMoney(client, account)
  const privateKey = await strangersKey(client)
  const stranger = createChainClient({ rpcUrl, chainId, privateKey, pollingMs: 30 }, addresses)
  accepted(await faucet(stranger, account, tokens), account)
}
