/**
 * Deploys a network's modules: Registry, Escrow, Anchors, Earnings, Slashing, Disputes, in this order. They are told the
 * addresses of the others at construction, predicted from the deployer's nonce; the last one checks them all. Which
 * contract decides disputes is the caller's choice.
 */
import { InternalError } from '@cairn/primitives'
import type { Account, NetworkParameters } from '@cairn/protocol'
import { type DeployContractParameters, encodeDeployData, getAddress, getContractAddress } from 'viem'
import { anchorsAbi, anchorsBytecode } from '../abi/anchors.ts'
import { earningsAbi, earningsBytecode } from '../abi/earnings.ts'
import { escrowAbi, escrowBytecode } from '../abi/escrow.ts'
import { registryAbi, registryBytecode } from '../abi/registry.ts'
import { slashingAbi, slashingBytecode } from '../abi/slashing.ts'
import type { ChainConnection } from '../chain-client.ts'
import type { NetworkAddresses } from '../network-addresses.ts'
import { requireWriter } from './call.ts'

/** A contract's code with its arguments. */
type Code = DeployContractParameters['bytecode']

interface Foundation {
  readonly parameters: NetworkParameters
  readonly token: Account
}

/** Deploys them and waits until they stand. `disputesOf` makes the code of Disputes, given the address of Slashing. */
export async function deployModules(
  connection: ChainConnection,
  { parameters, token }: Foundation,
  disputesOf: (slashing: Account) => Code,
): Promise<NetworkAddresses> {
  const modules = await predict(connection)
  const { registry, escrow, anchors, slashing } = modules
  const codes = [
    encodeDeployData({ abi: registryAbi, bytecode: registryBytecode, args: [token, modules, parameters] }),
    encodeDeployData({ abi: escrowAbi, bytecode: escrowBytecode, args: [registry] }),
    encodeDeployData({ abi: anchorsAbi, bytecode: anchorsBytecode, args: [registry, escrow] }),
    encodeDeployData({ abi: earningsAbi, bytecode: earningsBytecode, args: [registry, escrow, anchors] }),
    encodeDeployData({ abi: slashingAbi, bytecode: slashingBytecode, args: [registry, escrow, anchors] }),
    disputesOf(slashing),
  ]
  for (const code of codes) await createContract(connection, code)
  return { token, ...modules }
}

/** SAFETY: a wrong prediction cannot go unseen: the constructor of Disputes compares all of them. */
async function predict({ reader, account }: ChainConnection): Promise<Omit<NetworkAddresses, 'token'>> {
  const from = account as Account
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' })
  const at = (offset: number): Account => getContractAddress({ from, nonce: BigInt(nonce + offset) })
  return { registry: at(0), escrow: at(1), anchors: at(2), earnings: at(3), slashing: at(4), disputes: at(5) }
}

/** Deploys one contract and waits until it stands. */
export async function createContract(connection: ChainConnection, data: Code): Promise<Account> {
  const { account, wallet, queue } = requireWriter(connection)
  const hash = await queue(() =>
    wallet.sendTransaction({ account, chain: wallet.chain ?? null, data: data as Account }),
  )
  const { status, contractAddress } = await connection.reader.waitForTransactionReceipt({ hash })
  if (status === 'success' && contractAddress) return getAddress(contractAddress)
  throw new InternalError('DeploymentFailed', 'A contract refused its own construction.', {
    expected: 'addresses as predicted',
    found: `transaction ${hash} reverted`,
    fix: 'Deploy again, with an account that sends nothing else meanwhile.',
  })
}
