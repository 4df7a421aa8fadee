/** What the contracts remember of disputes and slashes; parts of `Settlement`. */
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import type { Account } from './terms.ts'
import type { Anchor } from './works.ts'

/** A link that a rewind took out of its chain. */
export interface VoidState {
  readonly anchor: Anchor
  /** The head of the round that was proven wrong. */
  readonly by: HashHex
  /** Until when its works can be challenged. */
  readonly until: number
}

/** In the order of the enum in packages/contracts/solidity/Disputes.sol. */
export const TURNS = ['none', 'defender', 'challenger', 'defended', 'refuted', 'dissolved'] as const

export interface GameState {
  readonly job: JobId
  readonly head: HashHex
  readonly anchor: Anchor
  readonly round: number
  readonly position: number
  /** About the outer step; otherwise about the unit. */
  readonly outer: boolean
  readonly turn: (typeof TURNS)[number]
  readonly challenger: Account
  readonly defender: Account
  readonly bond: bigint
  /** Of each side's time, before `since`. */
  readonly spent: { readonly defender: number; readonly challenger: number }
  /** When the turn began. */
  readonly since: number
}

export interface ClaimState {
  /** Games so far: each doubles the next one's bond. */
  readonly games: number
  readonly isLost: boolean
}

/** What a claim that was proven wrong did to the rounds after it. */
export interface CaseState {
  readonly job: JobId
  readonly round: number
  /** Until when voided work is reported; compensation is paid from then on. */
  readonly endsAt: number
  readonly isDivided: boolean
  readonly loserOwner: Account | undefined
  /** Not paid out yet. */
  readonly pot: bigint
  /** Price of the reported work that was not compensated yet. */
  readonly weight: bigint
  readonly reported: ReadonlyMap<Account, bigint>
}

/** A void work in the case that it shares in. */
export interface ReportState {
  readonly wrong: HashHex
  readonly price: bigint
}

/** Names a place of a link: its works come first, then its attestations. */
export const workKey = (head: HashHex, position: number): string => `${head} ${position}`

/** Names what a game is about. */
export const claimKey = ({ head, position, outer }: Pick<GameState, 'head' | 'position' | 'outer'>): string =>
  `${workKey(head, position)} ${outer}`

/** One in which somebody is to move. */
export type RunningGame = GameState & { readonly turn: 'defender' | 'challenger' }

export const isRunning = (game: GameState): game is RunningGame =>
  game.turn === 'defender' || game.turn === 'challenger'
