import type { Move, Position, Side, Subject } from '@cairn/protocol'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'
import { known, positionOf, subjectOf } from './abi-forms.ts'
import { moveOf } from './move-form.ts'
import { type MoveCall, readMoveCall } from './read-game-call.ts'

export interface MoveOnChain {
  readonly by: Side
  readonly move: Move
  /** Where it was made; not known where a game went on that was played elsewhere, by way of another contract. */
  readonly before: Position | undefined
  /** The other side's, under that position, where the game went on that was played elsewhere. */
  readonly signature?: `0x${string}`
  /** Where the game stands after it. */
  readonly after: Position
  readonly blockNumber: bigint
  readonly transaction: `0x${string}`
  /** Only where it is asked for. */
  readonly gasUsed?: bigint
}

export interface GameMoves {
  readonly subject: Subject
  readonly start: Position
  /**
   * Those that were made on the chain. One that ended the game is not among them; nor what was played elsewhere before
   * `resumeGame`.
   */
  readonly moves: readonly MoveOnChain[]
}

export interface MovesOptions {
  /** Asks the chain for every move's receipt. */
  readonly withGas?: boolean
}

/** Reads what a game is about and all its moves; undefined for one that was over as soon as it was opened. */
export function readGameMoves(
  client: ChainClient,
  game: number,
  { withGas = false }: MovesOptions = {},
): Promise<GameMoves | undefined> {
  const { reader, addresses } = client
  const disputes = { address: addresses.disputes, abi: disputeGamesAbi, strict: true } as const
  const args = { game: BigInt(game) }
  return onChain(client, async () => {
    const [began] = await reader.getContractEvents({ ...disputes, eventName: 'Began', args, fromBlock: 0n })
    if (began === undefined) return undefined
    const fromBlock = began.blockNumber
    const moved = await reader.getContractEvents({ ...disputes, eventName: 'Moved', args, fromBlock })
    const positions = [began, ...moved].map(({ args: { position } }) => positionOf(position))
    const moves = moved.map(async ({ args: made, blockNumber, transactionHash: hash }, i): Promise<MoveOnChain> => {
      const move = moveOf(made.move)
      const [last, after] = [positions[i]!, positions[i + 1]!]
      const call: Partial<MoveCall> | undefined =
        after.turn === last.turn + 1 ? { position: last } : await readMoveCall(client, hash)
      const gas = withGas ? { gasUsed: (await reader.getTransactionReceipt({ hash })).gasUsed } : {}
      // Which moves a side may make says who made it.
      const by = isChallengers(move) ? 'challenger' : 'defender'
      const where = { before: call?.position, after, blockNumber, transaction: hash }
      return { by, move, ...where, ...gas, ...known('signature', call?.signature) }
    })
    const subject = subjectOf(began.args.subject)
    return { subject, start: positions[0]!, moves: await Promise.all(moves) }
  })
}

/** A concession ends a game, so that it is no move in between. */
const isChallengers = ({ move }: Move): boolean => move === 'pick' || move === 'target' || move === 'element'
