/** Disputes as the chain tells them, and bundles of evidence judged again without a network. Not here: how they are shown. */
import { readFile } from 'node:fs/promises'
import {
  anchorHead,
  claimHash,
  claimsHash,
  type GameMoney,
  type GameMoves,
  type ListedGame,
  listGames,
  listJobs,
  provableHash,
  readGameMoney,
  readGameMoves,
} from '@cairn/contracts'
import { sha256 } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { decodeEvidence, type Evidence, type EvidenceDifference, judgeEvidence } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { jobPrefix, onlyJob } from './job-id.ts'
import type { OpenChain } from './open-chain.ts'

type Chain = OpenChain['client']

/** A game with all that the chain tells of it; no moves where it was over as soon as it was opened. */
export interface Dispute {
  readonly game: ListedGame
  readonly played?: GameMoves
  readonly money?: GameMoney
  /** Of the transaction that ended it. */
  readonly endGas?: bigint
}

/** Lists disputes, of one job or of all. Throws `InputError` (`BadJobId`, `UnknownJob`). */
export async function readDisputes(chain: Chain, job?: string): Promise<ListedGame[]> {
  if (job === undefined) return listGames(chain)
  return listGames(chain, { job: onlyJob(await listJobs(chain), jobPrefix(job)).job })
}

/** Reads one dispute by its number. Throws `InputError` (`UnknownDispute`). */
export async function readDispute(chain: Chain, number: string): Promise<Dispute> {
  const games = await listGames(chain)
  const game = games.find(listed => String(listed.game) === number)
  if (game === undefined)
    throw new InputError('UnknownDispute', 'The network knows no such dispute.', {
      path: 'GAME',
      expected: games.length === 0 ? 'nothing: there are no disputes yet' : `a number from 0 to ${games.length - 1}`,
      found: number.slice(0, 80),
      fix: '`cairn dispute list` lists them.',
    })
  const [played, money] = await Promise.all([
    readGameMoves(chain, game.game, { withGas: true }),
    readGameMoney(chain, game.game),
  ])
  const about = { game, ...(played && { played }) }
  if (money === undefined) return about
  const { gasUsed: endGas } = await chain.reader.getTransactionReceipt({ hash: money.transaction })
  return { ...about, money, endGas }
}

const badFile = (path: string, expected: string, found: string): InputError =>
  new InputError('BadEvidence', 'This is no bundle of evidence.', {
    ...{ path, expected, found },
    fix: 'Name a file in the form of docs/spec/evidence.md, or ask whoever made it for another copy.',
  })

/** Reads a bundle. Throws `InputError` (`BadEvidence`). */
export async function readEvidence(path: string): Promise<Evidence> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw badFile(path, 'a file that can be read', error.code ?? error.message)
  })
  const decoded = decodeEvidence(bytes)
  if (decoded.ok) return decoded.document
  throw badFile(path, 'a document of cairn/evidence/v1', `${decoded.path} ${decoded.found}`.trim())
}

/** Judges a bundle by the real referee and the hashes of contracts. */
export const judgeAgain = (bundle: Evidence): EvidenceDifference[] =>
  judgeEvidence(
    { hash: sha256, referee: createReferee(sha256), claimHash, claimsHash, anchorHead, provableHash },
    bundle,
  )
