/** Disputes as the chain tells them. Not here: bundles of evidence, and how disputes are shown. */
import {
  type GameMoney,
  type GameMoves,
  type ListedGame,
  listGames,
  listJobs,
  readGameMoney,
  readGameMoves,
  readJob,
} from '@cairn/contracts'
import { InputError } from '@cairn/primitives'
import { jobPrefix, onlyJob } from './job-id.ts'
import type { OpenChain } from './open-chain.ts'

type Chain = OpenChain['client']

/** A game, and how many replicas its job has: what its work is called. */
export interface NamedDispute {
  readonly game: ListedGame
  readonly replicas: number
}

/** A game with all that the chain tells of it; no moves where it was over as soon as it was opened. */
export interface Dispute extends NamedDispute {
  readonly played?: GameMoves
  readonly money?: GameMoney
}

async function replicasOf(chain: Chain, { job }: ListedGame): Promise<number> {
  const known = await readJob(chain, job)
  return known?.terms.replicas ?? 0
}

/** Lists disputes, of one job or of all. Throws `InputError` (`BadJobId`, `UnknownJob`). */
export async function readDisputes(chain: Chain, prefix?: string): Promise<NamedDispute[]> {
  const jobs = await listJobs(chain)
  const filter = prefix === undefined ? {} : { job: onlyJob(jobs, jobPrefix(prefix)).job }
  const replicas = new Map(jobs.map(({ job, terms }) => [job, terms.replicas]))
  const games = await listGames(chain, filter)
  return games.map(game => ({ game, replicas: replicas.get(game.job) ?? 0 }))
}

/** Finds a dispute by its number. Throws `InputError` (`UnknownDispute`). */
export async function findDispute(chain: Chain, number: string): Promise<ListedGame> {
  const games = await listGames(chain)
  const game = games.find(listed => String(listed.game) === number)
  if (game !== undefined) return game
  throw new InputError('UnknownDispute', 'The network knows no such dispute.', {
    path: 'GAME',
    expected: games.length === 0 ? 'nothing: there are no disputes yet' : `a number from 0 to ${games.length - 1}`,
    found: number.slice(0, 80),
    fix: '`cairn dispute list` lists them.',
  })
}

/** Reads one dispute by its number. Throws `InputError` (`UnknownDispute`). */
export async function readDispute(chain: Chain, number: string): Promise<Dispute> {
  const game = await findDispute(chain, number)
  const [played, money, replicas] = await Promise.all([
    readGameMoves(chain, game.game, { withGas: true }),
    readGameMoney(chain, game.game),
    replicasOf(chain, game),
  ])
  return { game, replicas, ...(played && { played }), ...(money && { money }) }
}
