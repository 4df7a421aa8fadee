/** What came of a cheat: whether it was met as it is to be, and what it cost. Nothing is shown here. */
import { type LocalNetwork, openContracts } from '@cairn/cli'
import { type ListedGame, listSlashes, type SlashOnChain } from '@cairn/contracts'
import type { JobId } from '@cairn/protocol'
import type { DemoCheat } from './cheat.ts'
import type { DemoRun } from './demo-job.ts'

/** What happened to the job, as far as it is about a cheat. */
export interface Happened {
  readonly games: readonly ListedGame[]
  readonly slashes: readonly SlashOnChain[]
  /** Tells whether an account belongs to whoever cheats. */
  readonly isCheater: (account: string) => boolean
}

const ENDS: Readonly<Record<DemoCheat['end'], (happened: Happened) => boolean>> = {
  refuted: ({ games, isCheater }) => games.some(game => game.state === 'refuted' && isCheater(game.defender)),
  defended: ({ games, isCheater }) => games.some(game => game.state === 'defended' && isCheater(game.challenger)),
  unpaid: ({ games, slashes, isCheater }) => games.length === 0 && slashes.some(({ loser }) => isCheater(loser)),
  undisputed: ({ games, slashes }) => games.length === 0 && slashes.length === 0,
}

/** Tells whether a cheat came to what it is to come to, and nobody honest lost anything. */
const isMet = ({ end }: DemoCheat, happened: Happened): boolean =>
  ENDS[end](happened) && happened.slashes.every(({ loser }) => happened.isCheater(loser))

/** Collects what disputes and challenges came to. */
export async function whatHappened(
  { nameOf }: Pick<DemoRun, 'nameOf'>,
  { cheaters }: DemoCheat,
  { network }: LocalNetwork,
  { job, games }: { readonly job: JobId; readonly games: readonly ListedGame[] },
): Promise<Happened> {
  const slashes = await listSlashes(await openContracts(network), job)
  return { games, slashes, isCheater: account => cheaters.includes(nameOf(account)) }
}

/** What came of a cheat, for `--json`. Money in the token's smallest unit. */
export interface CheatSummary {
  readonly kind: string
  /** It came to what it is to come to. */
  readonly isMet: boolean
  readonly isSameRoot: boolean
  /** Of bonds that cheaters lost, by name. */
  readonly caughtBy: readonly string[]
  readonly lost: string
  /** Of that, what came back to cheaters. */
  readonly wonBack: string
  readonly disputes: readonly { readonly round: number; readonly state: string }[]
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((total, amount) => total + amount, 0n)

/** Adds up what cheaters lost in bonds, and what of that other cheaters got. */
export const moneyOf = ({ slashes, isCheater }: Happened) => {
  const own = slashes.filter(({ loser }) => isCheater(loser))
  return {
    lost: sum(own.map(({ amount }) => amount)),
    wonBack: sum(own.filter(({ winner }) => isCheater(winner)).map(({ reward }) => reward)),
  }
}

export function cheatSummary(
  { nameOf }: Pick<DemoRun, 'nameOf'>,
  cheat: DemoCheat,
  happened: Happened,
  isSameRoot: boolean,
): CheatSummary {
  const { lost, wonBack } = moneyOf(happened)
  const own = happened.slashes.filter(({ loser }) => happened.isCheater(loser))
  return {
    ...{ kind: cheat.name, isMet: isMet(cheat, happened), isSameRoot },
    caughtBy: [...new Set(own.map(({ winner }) => nameOf(winner)))],
    ...{ lost: String(lost), wonBack: String(wonBack) },
    disputes: happened.games.map(({ round, state }) => ({ round, state })),
  }
}
