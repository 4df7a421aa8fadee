/** Challenging a claim: a game on the chain, opened once whatever happens. What is wrong with a charge is a value, with its reason. */
import { anchorHead, type GameCharge, listGames, openGame } from '@cairn/contracts'
import { CairnError } from '@cairn/primitives'
import { isAttestation } from '@cairn/protocol'
import { sameAccount } from './chain-watch.ts'
import type { GameParts } from './game-states.ts'

export type Opened =
  /** `isFound`: it was opened before. */
  | { readonly ok: true; readonly game: number; readonly isFound: boolean }
  | { readonly ok: false; readonly code: string; readonly reason: string }

type OpeningParts = Pick<GameParts, 'client' | 'key' | 'log'>

/** Refusals, for people. */
const REASONS: Readonly<Record<string, string>> = {
  NotDisputable: 'nothing of this job can be challenged: its units have no bond',
  ChallengeWindowOver: 'the time in which this claim could be challenged is over',
  BadRecord: 'the chain holds no such link',
  NoClaim: 'the link has no such claim',
  ClaimLost: 'the claim was proven wrong already',
  AlreadyChallenged: 'this account has challenged the claim before',
  NotNode: 'this account is no registered node with the minimum stake',
  StakeTooLow: 'the free part of the stake does not cover the bond of a challenge',
  OtherClaim: 'the claims or the facts of the job are not those that the chain holds the hashes of',
  BadContents: 'the first leaf of the program does not lie under the program root',
  BadPart: 'the unit has no such part, or it left the domain before it',
  InsufficientFunds: 'the account has no money for gas',
}

/** Finds the game of this account about a claim. */
async function ownGame({ client, key }: OpeningParts, charge: GameCharge): Promise<number | undefined> {
  const head = anchorHead(charge.anchor)
  const games = await listGames(client, { account: key.address })
  return games.find(
    game =>
      game.head === head &&
      game.position === charge.position &&
      game.isOuter === charge.isOuter &&
      sameAccount(game.challenger, key.address),
  )?.game
}

async function open(parts: OpeningParts, charge: GameCharge): Promise<Opened> {
  const known = await ownGame(parts, charge)
  if (known !== undefined) return { ok: true, game: known, isFound: true }
  const opened = await openGame(parts.client, charge)
  const { job, round } = charge.anchor
  if (opened.ok) {
    const what = isAttestation(charge.anchor, charge.position) ? 'an attestation' : `part ${charge.part} of a unit`
    const about = charge.isOuter ? 'an outer step' : what
    parts.log.info({ job, round, game: opened.game, work: charge.position }, `challenged ${about}`)
    return { ok: true, game: opened.game, isFound: false }
  }
  // Sent before, by a transaction whose receipt was never seen.
  const sent = opened.code === 'AlreadyChallenged' ? await ownGame(parts, charge) : undefined
  if (sent !== undefined) return { ok: true, game: sent, isFound: true }
  const { code, reason } = opened
  return { ok: false, code, reason: `${REASONS[code] ?? 'the chain refused the challenge'} (${reason})` }
}

/**
 * Opens a game about a claim, or finds the one that this account has opened before, over or not. A chain that does not
 * answer is a code of its own (`ChainUnreachable`, `ReceiptTimeout`): it may be asked again.
 */
export async function openChallenge(parts: OpeningParts, charge: GameCharge): Promise<Opened> {
  try {
    return await open(parts, charge)
  } catch (error) {
    if (!(error instanceof CairnError)) throw error
    return { ok: false, code: error.code, reason: error.message }
  }
}
