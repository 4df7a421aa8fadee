/**
 * Deploys a network: a test token where none is given, the referee and the rules of the game, and the modules.
 */
import { InputError } from '@cairn/primitives'
import { type Account, areParametersGood, type NetworkParameters } from '@cairn/protocol'
import { encodeDeployData } from 'viem'
import { disputeGamesAbi, disputeGamesBytecode } from './abi/dispute-games.ts'
import { gameRulesAbi, gameRulesBytecode } from './abi/game-rules.ts'
import { refereeAbi, refereeBytecode } from './abi/referee.ts'
import { testTokenAbi, testTokenBytecode } from './abi/test-token.ts'
import { createContract, deployModules } from './chain/deploy-modules.ts'
import { onChain } from './chain/errors.ts'
import type { ChainConnection } from './chain-client.ts'
import type { NetworkAddresses } from './network-addresses.ts'

export interface DeployOptions {
  readonly parameters: NetworkParameters
  /** ERC-20 that the network pays in; left out, a test token that anybody can mint. */
  readonly token?: Account
}

/**
 * Deploys all contracts and waits until they stand. The connection's account must send nothing else meanwhile.
 * Throws `InputError` (`BadParameters`) for parameters that the contracts would refuse.
 */
export async function deploy(connection: ChainConnection, options: DeployOptions): Promise<NetworkAddresses> {
  const { parameters } = options
  if (!areParametersGood(parameters)) throw badParameters()
  return onChain(connection, async () => {
    const token = options.token ?? (await createToken(connection))
    const rules = await createRules(connection)
    return deployModules(connection, { parameters, token }, slashing =>
      encodeDeployData({ abi: disputeGamesAbi, bytecode: disputeGamesBytecode, args: [slashing, rules] }),
    )
  })
}

const createToken = (connection: ChainConnection): Promise<Account> =>
  createContract(connection, encodeDeployData({ abi: testTokenAbi, bytecode: testTokenBytecode }))

/** Deploys the referee and the rules, which know nothing of any network. */
async function createRules(connection: ChainConnection): Promise<Account> {
  const referee = await createContract(connection, encodeDeployData({ abi: refereeAbi, bytecode: refereeBytecode }))
  const rules = encodeDeployData({ abi: gameRulesAbi, bytecode: gameRulesBytecode, args: [referee] })
  return createContract(connection, rules)
}

const badParameters = (): InputError =>
  new InputError('BadParameters', 'A network cannot have these parameters.', {
    expected:
      'unbonding > challenge; cancel > challenge + 2 maximum delays + pause; pause interval >= cancel + pause; lease > 0; ' +
      'seconds up to 100 years; a colluding share below a million; a challenge bond below 2^112; 1 to 200 beacon blocks',
    found: 'parameters that break one of these',
    fix: 'Change them.',
  })
