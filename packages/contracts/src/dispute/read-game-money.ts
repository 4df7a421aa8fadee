import type { Account } from '@cairn/protocol'
import { parseEventLogs } from 'viem'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { registryAbi } from '../abi/registry.ts'
import { slashingAbi } from '../abi/slashing.ts'
import { onChain } from '../chain/errors.ts'
import type { ChainClient } from '../chain-client.ts'
import { readGame } from './read-game.ts'
import { readMoveCall } from './read-game-call.ts'

/** What the end of a game did to bonds. Money in the token's smallest unit. */
export interface GameMoney {
  /** Locked from the challenger's stake while the game was played. */
  readonly bond: bigint
  /** What somebody lost; undefined where a claim was refuted whose bond another game had taken, or the game was dissolved. */
  readonly slash?: GameSlash
  /** What `rest` went into, where rounds became void: victims are compensated from it. */
  readonly pot?: { readonly amount: bigint; readonly payableFromSeconds: number }
  readonly blockNumber: bigint
  readonly transaction: `0x${string}`
  /** Moves before the one that ended it, on the chain and elsewhere; undefined where no move did. */
  readonly movesBefore?: number
}

export interface GameSlash {
  readonly loser: Account
  readonly winner: Account
  /** All that the loser lost: the other three together. */
  readonly amount: bigint
  /** The winner's. */
  readonly reward: bigint
  readonly burned: bigint
  /** For victims of the wrong and the job's submitter. */
  readonly rest: bigint
}

const EVENTS = [...registryAbi, ...slashingAbi, ...disputeGamesAbi].filter(entry => entry.type === 'event')

/** Reads what a game's end did to bonds; undefined while it is open. */
export async function readGameMoney(client: ChainClient, game: number): Promise<GameMoney | undefined> {
  const { reader, addresses } = client
  const { bond } = await readGame(client, game)
  return onChain(client, async () => {
    const [ended] = await reader.getContractEvents({
      ...{ address: addresses.disputes, abi: disputeGamesAbi, eventName: 'GameEnded', strict: true },
      ...{ args: { game: BigInt(game) }, fromBlock: 0n },
    })
    if (ended === undefined) return undefined
    const { blockNumber, transactionHash: transaction, logIndex } = ended
    const { logs } = await reader.getTransactionReceipt({ hash: transaction })
    const own = [addresses.registry, addresses.slashing, addresses.disputes].map(address => address.toLowerCase())
    const events = parseEventLogs({ abi: EVENTS, logs: logs.filter(({ address }) => own.includes(address)) })
    // A transaction may end several games: what follows one's end, up to the next one's, is its own.
    const after = events.filter(event => event.logIndex > logIndex)
    const next = after.findIndex(({ eventName }) => eventName === 'GameEnded')
    const made = await readMoveCall(client, transaction)
    const about = { bond, blockNumber, transaction, ...(made && { movesBefore: made.position.turn }) }
    return (next < 0 ? after : after.slice(0, next)).reduce<GameMoney>(withEvent, about)
  })
}

type SlashEvent = ReturnType<typeof parseEventLogs<typeof EVENTS>>[number]

function withEvent(money: GameMoney, { eventName, args }: SlashEvent): GameMoney {
  if (eventName === 'CaseOpened') return { ...money, pot: { amount: args.pot, payableFromSeconds: args.endsAt } }
  if (eventName !== 'Spent') return money
  const { loser, winner, reward, burned, rest } = args
  return { ...money, slash: { loser, winner, amount: reward + burned + rest, reward, burned, rest } }
}
