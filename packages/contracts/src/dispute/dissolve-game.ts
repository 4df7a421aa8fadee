import { encodeFunctionData } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'

/** Ends a game about a claim that another challenger has refuted, and frees its bond. For anyone. Refused: `ClaimStands`, `GameOver`. */
export function dissolveGame(client: ChainClient, game: number): Promise<CallResult> {
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'dissolve', args: [BigInt(game)] })
  return call(client, { to: client.addresses.disputes, data })
}
