import type { Account, JobId } from '@cairn/protocol'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { onChain } from '../chain/errors.ts'
import { fromBytes32, toBytes32 } from '../chain/hex.ts'
import type { ChainClient } from '../chain-client.ts'
import { GAME_STATES, type GameOnChain, readGame } from './read-game.ts'

/** Which games to list; all of them without a wish. */
export interface GameFilter {
  /** Its defender or its challenger. */
  readonly account?: Account
  readonly job?: JobId
}

export interface ListedGame extends GameOnChain {
  /** Block in which it was opened. */
  readonly openedAt: bigint
}

const isAccount = (a: Account, b: Account): boolean => a.toLowerCase() === b.toLowerCase()

/** Lists games, open ones and others, in the order in which they were opened. */
export async function listGames(client: ChainClient, { account, job }: GameFilter = {}): Promise<ListedGame[]> {
  const { reader, addresses } = client
  const disputes = { address: addresses.disputes, abi: disputeGamesAbi, fromBlock: 0n, strict: true } as const
  const ofJob = job === undefined ? {} : { args: { job: toBytes32(job) } }
  const opened = await onChain(client, () =>
    reader.getContractEvents({ ...disputes, ...ofJob, eventName: 'GameOpened' }),
  )
  const wanted = opened.filter(
    ({ args: { challenger, defender } }) =>
      account === undefined || isAccount(account, challenger) || isAccount(account, defender),
  )
  if (wanted.length === 0) return []
  const games = wanted.map(({ args }) => args.game)
  const ended = await onChain(client, () =>
    reader.getContractEvents({ ...disputes, eventName: 'GameEnded', args: { game: games } }),
  )
  const outcomes = new Map(ended.map(({ args }) => [args.game, args.outcome]))
  return Promise.all(
    wanted.map(async ({ args, blockNumber: openedAt }): Promise<ListedGame> => {
      const outcome = outcomes.get(args.game)
      const game = Number(args.game)
      if (outcome === undefined) return { ...(await readGame(client, game)), openedAt }
      const { outer: isOuter, attestation: isAttestation, ...known } = args
      const names = { game, job: fromBytes32<JobId>(args.job), head: fromBytes32(args.head) }
      return { ...known, ...names, isOuter, isAttestation, state: GAME_STATES[outcome]!, openedAt }
    }),
  )
}
