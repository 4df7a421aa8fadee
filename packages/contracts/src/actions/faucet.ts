import type { Account } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { testTokenAbi } from '../abi/test-token.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/** Mints test tokens, up to a million (10^12 units) at once; only local chains have them. Refused: `FaucetCapExceeded`. */
export function faucet(client: ChainClient, to: Account, amount: bigint): Promise<CallResult> {
  const data = encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args: [to, amount] })
  return call(client, { to: client.addresses.token, data })
}
