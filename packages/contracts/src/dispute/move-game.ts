import type { Move, Position, Subject } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { type CallResult, call } from '../chain/call.ts'
import type { ChainClient } from '../chain-client.ts'
import { positionForm, subjectForm } from './abi-forms.ts'
import { moveForm } from './move-form.ts'

/** A position of a game, and the move that its side makes in it. */
export interface GameMove {
  readonly game: number
  readonly subject: Subject
  readonly position: Position
  readonly move: Move
}

const forms = ({ subject, position, move }: GameMove) =>
  [subjectForm(subject), positionForm(position), moveForm(move)] as const

/**
 * Makes a move in the position that the chain knows. Refused: `OtherPosition`, `NotYourTurn`, `MoveRefused` with the reason,
 * `ClockOver`, `GameOver`, and whatever a proof that shows nothing runs into.
 */
export function moveGame(client: ChainClient, move: GameMove): Promise<CallResult> {
  const args = [BigInt(move.game), ...forms(move)] as const
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'move', args })
  return call(client, { to: client.addresses.disputes, data })
}

/**
 * Goes on from a later position than the chain knows, which the other side has signed. Refused as `moveGame`, and
 * `OldPosition`, `NotSigned`.
 */
export function resumeGame(client: ChainClient, move: GameMove, signature: `0x${string}`): Promise<CallResult> {
  const [subject, position, form] = forms(move)
  const args = [BigInt(move.game), subject, position, signature, form] as const
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'resume', args })
  return call(client, { to: client.addresses.disputes, data })
}

/** Ends a game whose player let the clock run out. For anyone. Refused: `ClockRunning`, `GameOver`. */
export function endLateGame(client: ChainClient, game: number): Promise<CallResult> {
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'timeout', args: [BigInt(game)] })
  return call(client, { to: client.addresses.disputes, data })
}
