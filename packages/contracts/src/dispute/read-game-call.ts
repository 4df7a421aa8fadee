import type { Move, Position } from '@cairn/protocol'
import { decodeFunctionData, type Hex } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import type { ChainClient } from '../chain-client.ts'
import { positionOf } from './abi-forms.ts'
import { chargeOf, type GameCharge } from './charge-form.ts'
import { moveOf } from './move-form.ts'

/** A move as its transaction tells it. */
export interface MoveCall {
  /** Where it was made: what was played elsewhere is told here only. */
  readonly position: Position
  readonly move: Move
  /** Of a position that the other side had signed elsewhere, and from which this move went on. */
  readonly signature?: Hex
}

/** What a transaction asked of the contract of games. */
export type GameCall =
  | { readonly call: 'open'; readonly charge: GameCharge }
  | { readonly call: 'move'; readonly made: MoveCall }
  | { readonly call: 'timeout' | 'dissolve' }

function callOf(data: Hex): GameCall | undefined {
  const { functionName, args } = decodeFunctionData({ abi: disputeGamesAbi, data })
  switch (functionName) {
    case 'open':
      return { call: 'open', charge: chargeOf(args) }
    case 'move':
      return { call: 'move', made: { position: positionOf(args[2]), move: moveOf(args[3]) } }
    case 'resume':
      return { call: 'move', made: { position: positionOf(args[2]), move: moveOf(args[4]), signature: args[3] } }
    case 'timeout':
    case 'dissolve':
      return { call: functionName }
    default:
      return undefined
  }
}

/**
 * Reads what a transaction asked. Undefined where that cannot be read: it went by way of another contract, or is written
 * in a way that contracts take and nobody else does.
 */
export async function readGameCall(
  { reader, addresses }: ChainClient,
  transaction: Hex,
): Promise<GameCall | undefined> {
  const { input, to } = await reader.getTransaction({ hash: transaction })
  if (to?.toLowerCase() !== addresses.disputes.toLowerCase()) return undefined
  try {
    return callOf(input)
  } catch {
    return undefined
  }
}

/** Reads the move that a transaction made; undefined as above, or where it made none. */
export async function readMoveCall(client: ChainClient, transaction: Hex): Promise<MoveCall | undefined> {
  const made = await readGameCall(client, transaction)
  return made?.call === 'move' ? made.made : undefined
}
