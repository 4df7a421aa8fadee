/** What came of a cheat, for a person: whether it was met as it is to be, what it cost, and whether it changed anything. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatAmount, type LocalNetwork, openContracts, type Screen } from '@cairn/cli'
import { type ListedGame, listSlashes, readBalances, readToken, type SlashOnChain } from '@cairn/contracts'
import type { Account, JobId, Receipt } from '@cairn/protocol'
import type { DemoCheat } from './cheat.ts'
import { networkDirectoryIn } from './demo-directory.ts'
import type { DemoRun } from './demo-job.ts'
import { honestRoot } from './honest-run.ts'

/** By account, in the token's smallest unit. */
export type Stakes = ReadonlyMap<string, bigint>

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
export const isMet = ({ end }: DemoCheat, happened: Happened): boolean =>
  ENDS[end](happened) && happened.slashes.every(({ loser }) => happened.isCheater(loser))

const boldly = ({ colours }: Screen, isRight: boolean, text: string): string =>
  isRight ? colours.green(text) : colours.red(colours.bold(text))

/** Compares with the same job done without a cheat. Tells whether every bit is the same. */
export async function compareWithHonest(
  run: DemoRun,
  { cheaters }: DemoCheat,
  { finalStateRoot }: Receipt,
): Promise<boolean> {
  const { screen } = run
  screen.status('The same job again, in one process and without a cheat ...')
  const expected = await honestRoot(run)
  screen.status('')
  const isSame = expected === finalStateRoot
  const verdict = boldly(screen, isSame, isSame ? 'the same bits' : 'OTHER BITS')
  const question = screen.colours.bold(`Did ${cheaters.join(' and ')} change anything?`)
  screen.print(`\n${question} The final state without a cheat, trained alone: ${verdict}.`)
  screen.print(`  with the cheat   ${finalStateRoot}`)
  screen.print(`  without          ${expected}`)
  return isSame
}

/** Reads what every node has at stake. */
export async function readStakes({ network, accounts }: LocalNetwork): Promise<Stakes> {
  const client = await openContracts(network)
  const all = Object.values(accounts).map(async ({ address }) => {
    const { stake } = await readBalances(client, address as Account)
    return [address.toLowerCase(), stake] as const
  })
  return new Map(await Promise.all(all))
}

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

/** What a dishonest node says of itself: the lines of its log that are about its cheat, each once. */
function ownWords({ out }: { readonly out: string }, name: string): string[] {
  const log = join(networkDirectoryIn(out), 'nodes', name, 'node.log')
  if (!existsSync(log)) return []
  const lines = readFileSync(log, 'utf8').split('\n')
  const entries = lines.filter(line => line.endsWith('}')).map(line => JSON.parse(line))
  return [...new Set(entries.filter(({ cheat }) => cheat !== undefined).map(({ msg }) => String(msg)))]
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
const moneyOf = ({ slashes, isCheater }: Happened) => {
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

/** Tells what the cheaters did, by their own logs, and what others got of them. */
export async function tellCost(
  { screen, options, nameOf }: DemoRun,
  { cheaters }: DemoCheat,
  { network, accounts }: LocalNetwork,
  happened: Happened,
  before: Stakes,
): Promise<void> {
  const client = await openContracts(network)
  const token = await readToken(client)
  const money = (amount: bigint): string => formatAmount(amount, token)
  const words = cheaters.flatMap(name => ownWords(options, name).map(text => `  ${name.padEnd(11)} ${text}`))
  if (words.length > 0) screen.print(`\n${screen.colours.bold('What it tried')}, by its own log:`)
  for (const line of words) screen.print(line)
  screen.print(`\n${screen.colours.bold('What did it cost?')}`)
  for (const name of cheaters) {
    const { address } = accounts[name]!
    const { stake } = await readBalances(client, address as Account)
    const was = before.get(address.toLowerCase()) ?? 0n
    screen.print(`  ${name.padEnd(11)} at stake before ${money(was)}, after ${money(stake)}`)
  }
  const { lost, wonBack } = moneyOf(happened)
  const names = cheaters.join(' and ')
  const rewards = wonBack > 0n ? `, and ${money(wonBack)} of that came back as a reward` : ''
  screen.print(
    lost === 0n ? `  No bond was lost: ${names} gained nothing by it.` : `  ${names} lost ${money(lost)}${rewards}.`,
  )
  for (const { loser, winner, reward, burned, rest } of happened.slashes)
    screen.print(
      `    ${nameOf(loser)}'s: ${money(reward)} to ${nameOf(winner)}, ${money(burned)} burned, ${money(rest)} to those whom it harmed`,
    )
}
