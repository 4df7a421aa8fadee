/**
 * Deploys a network: the referee and the rules of the game, Registry, Escrow, Anchors, Earnings, Slashing, Disputes, in this
 * order, and a test token where none is given. Modules are told the addresses of the others at construction, predicted
 * from the deployer's nonce; the last one checks them all.
 */
import { InputError, InternalError } from '@cairn/primitives'
import { type Account, areParametersGood, type NetworkParameters } from '@cairn/protocol'
import { type DeployContractParameters, encodeDeployData, getAddress, getContractAddress } from 'viem'
import { anchorsAbi, anchorsBytecode } from './abi/anchors.ts'
import { disputeGamesAbi, disputeGamesBytecode } from './abi/dispute-games.ts'
import { earningsAbi, earningsBytecode } from './abi/earnings.ts'
import { escrowAbi, escrowBytecode } from './abi/escrow.ts'
import { gameRulesAbi, gameRulesBytecode } from './abi/game-rules.ts'
import { judgedDisputesAbi, judgedDisputesBytecode } from './abi/judged-disputes.ts'
import { refereeAbi, refereeBytecode } from './abi/referee.ts'
import { registryAbi, registryBytecode } from './abi/registry.ts'
import { slashingAbi, slashingBytecode } from './abi/slashing.ts'
import { testTokenAbi, testTokenBytecode } from './abi/test-token.ts'
import { requireWriter } from './chain/call.ts'
import { onChain } from './chain/errors.ts'
import type { ChainConnection } from './chain-client.ts'
import type { NetworkAddresses } from './network-addresses.ts'

export interface DeployOptions {
  readonly parameters: NetworkParameters
  /** ERC-20 that the network pays in; left out, a test token that anybody can mint. */
  readonly token?: Account
  /** Judges disputes in place of the game: for tests of the money around it. Whoever uses such a network trusts this account. */
  readonly judge?: Account
}

/**
 * Deploys all contracts and waits until they stand. The connection's account must send nothing else meanwhile.
 * Throws `InputError` (`BadParameters`) for parameters that the contracts would refuse.
 */
export async function deploy(connection: ChainConnection, options: DeployOptions): Promise<NetworkAddresses> {
  const { parameters } = options
  if (!areParametersGood(parameters)) throw badParameters()
  return onChain(connection, async () => {
    const token =
      options.token ?? (await create(connection, encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode })))
    const rules = options.judge === undefined ? await createRules(connection) : undefined
    const modules = await predict(connection)
    const { registry, escrow, anchors, slashing } = modules
    const codes = [
      encodeDeployData({ abi: registryAbi, bytecode: registryBytecode, args: [token, modules, parameters] }),
      encodeDeployData({ abi: escrowAbi, bytecode: escrowBytecode, args: [registry] }),
      encodeDeployData({ abi: anchorsAbi, bytecode: anchorsBytecode, args: [registry, escrow] }),
      encodeDeployData({ abi: earningsAbi, bytecode: earningsBytecode, args: [registry, escrow, anchors] }),
      encodeDeployData({ abi: slashingAbi, bytecode: slashingBytecode, args: [registry, escrow, anchors] }),
      disputesCode(slashing, rules, options.judge),
    ]
    for (const code of codes) await create(connection, code)
    return { token, ...modules }
  })
}

/** Deploys the referee and the rules, which know nothing of any network. */
async function createRules(connection: ChainConnection): Promise<Account> {
  const referee = await create(connection, encodeDeployData({ abi: refereeAbi, bytecode: refereeBytecode }))
  return create(connection, encodeDeployData({ abi: gameRulesAbi, bytecode: gameRulesBytecode, args: [referee] }))
}

function disputesCode(slashing: Account, rules: Account | undefined, judge: Account | undefined) {
  if (rules !== undefined)
    return encodeDeployData({ abi: disputeGamesAbi, bytecode: disputeGamesBytecode, args: [slashing, rules] })
  return encodeDeployData({
    abi: judgedDisputesAbi,
    bytecode: judgedDisputesBytecode,
    args: [slashing, judge as Account],
  })
}

/** SAFETY: a wrong prediction cannot go unseen: the constructor of Disputes compares all of them. */
async function predict({ reader, account }: ChainConnection): Promise<Omit<NetworkAddresses, 'token'>> {
  const from = account as Account
  const nonce = await reader.getTransactionCount({ address: from, blockTag: 'pending' })
  const at = (offset: number): Account => getContractAddress({ from, nonce: BigInt(nonce + offset) })
  return { registry: at(0), escrow: at(1), anchors: at(2), earnings: at(3), slashing: at(4), disputes: at(5) }
}

async function create(connection: ChainConnection, data: DeployContractParameters['bytecode']): Promise<Account> {
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

const badParameters = (): InputError =>
  new InputError('BadParameters', 'A network cannot have these parameters.', {
    expected:
      'unbonding > challenge; cancel > challenge + 2 maximum delays + pause; pause interval >= cancel + pause; lease > 0; ' +
      'seconds up to 100 years; a colluding share below a million; a challenge bond below 2^112',
    found: 'parameters that break one of these',
    fix: 'Change them.',
  })
