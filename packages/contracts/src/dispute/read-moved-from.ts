import type { Position } from '@cairn/protocol'
import { decodeFunctionData, getAbiItem, type Hex, slice, toFunctionSelector } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import type { ChainClient } from '../chain-client.ts'
import { positionOf } from './abi-forms.ts'

const MOVES = [
  getAbiItem({ abi: disputeGamesAbi, name: 'move' }),
  getAbiItem({ abi: disputeGamesAbi, name: 'resume' }),
] as const
const SELECTORS: readonly Hex[] = MOVES.map(item => toFunctionSelector(item))

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
  if (data.length < 10 || !SELECTORS.includes(slice(data, 0, 4))) return undefined
  return positionOf(decodeFunctionData({ abi: MOVES, data }).args[2])
}
