/** A connection to the contracts of the network that a network file names. */
import {
  type ChainClient,
  checkChain,
  createChainClient,
  createConnection,
  readAddresses,
  readToken,
  type TokenFacts,
} from '@cairn/contracts'
import { type NodeKey, type PublicKeys, readKey, readPublicKeys } from '@cairn/node/keys'
import { InputError, ResourceError } from '@cairn/primitives'
import type { Account } from '@cairn/protocol'
import { type KeyOptions, keyPath } from './key-place.ts'
import { findNetwork, type LocatedNetwork, type NetworkFile } from './network-file.ts'
import { passphraseOf } from './passphrases.ts'

export interface OpenChain extends LocatedNetwork {
  readonly client: ChainClient
  readonly token: TokenFacts
}

/** A local network that does not answer is one that nobody started. */
function withLocalFix({ hasFaucet }: NetworkFile, error: unknown): unknown {
  if (!hasFaucet || !(error instanceof ResourceError) || error.code !== 'ChainUnreachable') return error
  const { path = '', expected = '', found = '', cause } = error
  const fix = 'Is the network up? `cairn up` starts it; it goes on where it was.'
  return new ResourceError('ChainUnreachable', error.message, { path, expected, found, fix, cause })
}

/** Opens the contracts of a network. Throws `ResourceError` (`ChainUnreachable`), `InputError` (`WrongChain`, `NoContract`). */
export async function openContracts(network: NetworkFile, privateKey?: `0x${string}`): Promise<ChainClient> {
  const { rpcUrl, chainId, escrow } = network
  const options = { rpcUrl, chainId, ...(privateKey && { privateKey }) }
  const connection = createConnection(options)
  await checkChain(connection).catch((error: unknown) => {
    throw withLocalFix(network, error)
  })
  return createChainClient(options, await readAddresses(connection, escrow))
}

async function open(located: LocatedNetwork, privateKey?: `0x${string}`): Promise<OpenChain> {
  const client = await openContracts(located.network, privateKey)
  return { ...located, client, token: await readToken(client) }
}

/** Opens the network's chain for reading. */
export const openForReading = async ({ network }: { readonly network?: string | undefined }): Promise<OpenChain> =>
  open(await findNetwork({ named: network }))

/** Unlocks the key that a person named. Throws what `readKey` throws. */
export async function unlockKey(options: KeyOptions): Promise<NodeKey> {
  const path = keyPath(options)
  await readPublicKeys(path) // a file that is missing or damaged asks nobody for a passphrase
  return readKey(path, await passphraseOf({ path, file: options.passphraseFile }))
}

/** Opens the network's chain with the key that a person named. */
export async function openForWriting(options: KeyOptions): Promise<OpenChain> {
  const located = await findNetwork({ named: options.network })
  return open(located, (await unlockKey(options)).evmPrivateKey())
}

export interface AccountOptions extends Pick<KeyOptions, 'key' | 'network'> {
  readonly account?: string
}

/** Names the account that is asked about: an address, or that of a key, which needs no passphrase. */
export async function accountOf({ account, ...key }: AccountOptions): Promise<Account> {
  if (account === undefined) return ((await readPublicKeys(keyPath(key))) satisfies PublicKeys).address
  if (/^0x[0-9a-fA-F]{40}$/.test(account)) return account as Account
  throw new InputError('BadAccount', 'This is no account.', {
    path: '--account',
    expected: '0x and 40 hex digits',
    found: account.slice(0, 80),
    fix: '`cairn key show` prints the account of a key.',
  })
}
