import type { HashHex } from '@cairn/primitives'
import type { Account, JobId, Position, Side, Subject } from '@cairn/protocol'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { readParameters } from '../actions/read-parameters.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { positionOf, subjectOf } from './abi-forms.ts'

/** `dissolved`: another game about the claim was won. */
export type GameState = 'open' | 'defended' | 'refuted' | 'dissolved'

export interface GameOnChain {
  readonly game: number
  readonly job: JobId
  /** Head of the link of which something is disputed. */
  readonly head: HashHex
  readonly round: number
  /** In the link: its works come first, then its attestations. */
  readonly position: number
  readonly isOuter: boolean
  readonly isAttestation: boolean
  readonly challenger: Account
  readonly defender: Account
  readonly bond: bigint
  readonly state: GameState
  /** Whose turn it is in an open game, and until when it may move, in seconds. */
  readonly toMove?: Side
  readonly endsAtSeconds?: number
}

/** By place in the enum of solidity/Disputes.sol. */
export const GAME_STATES: readonly GameState[] = ['open', 'open', 'open', 'defended', 'refuted', 'dissolved']
const DEFENDERS_TURN = 1

/** Reads a game. Throws viem's error for one that there is not. */
export async function readGame(client: ChainClient, game: number): Promise<GameOnChain> {
  const parameters = await readParameters(client)
  const { reader, addresses } = client
  const disputes = { address: addresses.disputes, abi: disputeGamesAbi } as const
  const args = [BigInt(game)] as const
  return onChain(client, async () => {
    const found = await reader.readContract({ ...disputes, functionName: 'gameOf', args })
    const state = GAME_STATES[found.turn]!
    const { round, position, outer: isOuter, attestation: isAttestation, challenger, defender, bond } = found
    const known = { game, job: fromBytes32<JobId>(found.job), head: fromBytes32(found.head), round, position }
    const all = { ...known, isOuter, isAttestation, challenger, defender, bond, state }
    if (state !== 'open') return all
    // From one answer: a game that ends between two has no clock any more.
    const toMove = found.turn === DEFENDERS_TURN ? 'defender' : 'challenger'
    const spent = { defender: found.defenderSpent, challenger: found.challengerSpent }
    return { ...all, toMove, endsAtSeconds: found.since + parameters.maximumDelaySeconds - spent[toMove] }
  })
}

/** What a game is about and where it stands on the chain; undefined for one that was over as soon as it was opened. */
export async function readPosition(
  client: ChainClient,
  game: number,
): Promise<{ readonly subject: Subject; readonly position: Position } | undefined> {
  const { reader, addresses } = client
  const disputes = { address: addresses.disputes, abi: disputeGamesAbi, fromBlock: 0n, strict: true } as const
  const args = { game: BigInt(game) }
  return onChain(client, async () => {
    const [began] = await reader.getContractEvents({ ...disputes, eventName: 'Began', args })
    if (began === undefined) return undefined
    const moves = await reader.getContractEvents({ ...disputes, eventName: 'Moved', args })
    const position = moves.at(-1)?.args.position ?? began.args.position
    return { subject: subjectOf(began.args.subject), position: positionOf(position) }
  })
}

/** How many games there are; they are numbered from 0. */
export async function countGames(client: ChainClient): Promise<number> {
  const { reader, addresses } = client
  return onChain(client, async () =>
    Number(await reader.readContract({ address: addresses.disputes, abi: disputeGamesAbi, functionName: 'gameCount' })),
  )
}
