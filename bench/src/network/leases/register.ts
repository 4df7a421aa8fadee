/** Registers many identities on a chain, many at a time. */
import { addStake, localParameters, registerNode, registrationMessage } from '@cairn/contracts'
import type { NodeKey } from '@cairn/node/keys'
import { signerOf } from '@cairn/node/parts'
import { accountOf, type BenchChain, done, mint } from '../chain.ts'

const AT_ONCE = 16
const ETHER = 10n ** 18n

/** Gives an account of a development chain money for gas. */
export async function giveGasMoney({ chain, client }: BenchChain, account: string): Promise<void> {
  const { reader } = client(chain.keys[0] as `0x${string}`)
  const request = { method: 'anvil_setBalance', params: [account, `0x${(10n * ETHER).toString(16)}`] }
  await reader.request(request as never)
}

async function register(chain: BenchChain, key: NodeKey): Promise<void> {
  const client = chain.client(key.evmPrivateKey())
  await giveGasMoney(chain, key.address)
  await mint(client, localParameters.minimumStake)
  done(await addStake(client, localParameters.minimumStake))
  const signer = signerOf(key.peerSeed())
  const statement = registrationMessage(client.chainId, client.addresses.registry, accountOf(client))
  done(await registerNode(client, { peerKey: signer.publicKey, signature: signer.sign(statement) }))
}

/** Funds, stakes and registers. */
export async function registerAll(chain: BenchChain, keys: readonly NodeKey[]): Promise<void> {
  const waiting = [...keys]
  const lane = async (): Promise<void> => {
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) await register(chain, key)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}
