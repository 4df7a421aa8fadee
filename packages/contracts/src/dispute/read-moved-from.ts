import type { Position } from '@cairn/protocol'
import { decodeFunctionData } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import type { ChainClient } from '../chain-client.ts'
import { positionOf } from './abi-forms.ts'

/**
 * Reads in which position the move of a transaction was made: what was played elsewhere is told there only. Undefined for
 * one that made no move, or by way of another contract.
 */
export async function readMovedFrom(
  { reader, addresses }: ChainClient,
  transaction: `0x${string}`,
): Promise<Position | undefined> {
  const { input: data, to } = await reader.getTransaction({ hash: transaction })
  if (to?.toLowerCase() !== addresses.disputes.toLowerCase()) return undefined
  const { functionName, args } = decodeFunctionData({ abi: disputeGamesAbi, data })
  return functionName === 'move' || functionName === 'resume' ? positionOf(args[2]) : undefined
}
