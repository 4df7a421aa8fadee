/** What happens to a cheat, as the chain sees it: the challenge, the moves, the verdict, the bond. Told while it happens. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  EVIDENCE,
  findEvidence,
  formatAmount,
  makeDirectory,
  openContracts,
  pathRows,
  plural,
  printRows,
  reportOf,
  writeEvidence,
} from '@cairn/cli'
import {
  type ChainClient,
  type GameMoney,
  type GameMoves,
  type ListedGame,
  listGames,
  readGameMoney,
  readGameMoves,
  readToken,
} from '@cairn/contracts'
import { moveInWords } from '@cairn/node/parts'
import type { JobId } from '@cairn/protocol'
import type { DemoRun } from './demo-job.ts'

const EVERY_MS = 500

interface Telling {
  readonly run: DemoRun
  readonly client: ChainClient
  readonly money: (amount: bigint) => string
}

const partyOf = ({ nameOf }: DemoRun, account: string): string => nameOf(account.toLowerCase())

function tellOpened({ run, money }: Telling, { game, round, isOuter, challenger, defender, bond }: ListedGame): void {
  const { screen } = run
  const [who, whom] = [partyOf(run, challenger), partyOf(run, defender)]
  const what = isOuter ? `the outer step of round ${round + 1}` : `a part of ${whom}'s work in round ${round + 1}`
  screen.print(`\n${screen.colours.bold(`Dispute ${game}`)}: ${who} has done ${what} again and found other bits.`)
  screen.print(`  It says so on the chain and stakes ${money(bond)} on it. ${whom} has to show how it got there.`)
}

/** Says how far two parties have played without the chain. */
function tellSaid({ screen }: DemoRun, from: number, to: number): void {
  if (to <= from) return
  const places = to - from === 1 ? `Move ${to}` : `Moves ${from + 1} to ${to}`
  screen.print(`  ${places}: signed messages between the two, of which the chain needs to know nothing.`)
}

/** Tells the moves from `from` on. */
function tellMoves(
  { run }: Telling,
  { defender, challenger }: ListedGame,
  { subject, start, moves }: GameMoves,
  from: number,
) {
  for (const [i, { by, move, before, after }] of moves.entries()) {
    if (i < from) continue
    const who = partyOf(run, by === 'defender' ? defender : challenger)
    tellSaid(run, (moves[i - 1]?.after ?? start).turn, after.turn - 1)
    const words = moveInWords({ subject, position: before ?? after }, move)
    run.screen.print(`  ${String(after.turn).padStart(2)}. ${who.padEnd(11)} ${words}`)
  }
}

function tellEnd(
  { run, money }: Telling,
  { challenger, defender, state, round }: ListedGame,
  end: GameMoney,
  known: number,
) {
  const { screen } = run
  const { movesBefore: moves = known } = end
  tellSaid(run, known, moves)
  const { slash } = end
  const [winner, loser] = state === 'refuted' ? [challenger, defender] : [defender, challenger]
  if (state === 'dissolved')
    return screen.print('  Another dispute about the same work was won already: this one is over.')
  if (end.movesBefore === undefined)
    screen.print(
      `  ${screen.colours.bold('The clock has judged')}: ${partyOf(run, loser)} has made no move that the rules allow, and its time is over.`,
    )
  else
    screen.print(
      `  ${screen.colours.bold('The contract has judged')}: ${partyOf(run, winner)} is right, after ${plural(moves, 'move')} and one it computed itself.`,
    )
  if (slash !== undefined) {
    const rest = slash.amount - slash.reward - slash.burned
    screen.print(
      `  ${partyOf(run, loser)} loses its bond of ${money(slash.amount)}: ${money(slash.reward)} to ${partyOf(run, winner)}, ` +
        `${money(slash.burned)} burned, ${money(rest)} for those whose work is void now.`,
    )
  }
  if (state === 'refuted')
    screen.print(
      `  The job goes back to round ${round + 1}; somebody else does that part, and all after it is done again.\n`,
    )
}

/** Says what a dispute came down to, and keeps what anybody can judge it again from. */
async function tellEvidence({ run: { screen, options }, client }: Telling, game: number): Promise<void> {
  const bundle = await findEvidence(client, game)
  if (bundle === undefined) return
  const directory = join(options.out, EVIDENCE)
  const path = join(directory, `dispute-${game}.cbor`)
  await makeDirectory(directory)
  await writeEvidence(path, bundle)
  screen.print('  What it came down to:')
  printRows(screen, pathRows(reportOf(bundle)))
  screen.print(`  Judge it yourself, without a network: npx cairn dispute replay --evidence ${path}`)
}

/** Follows the disputes of a job until they are over and the signal is aborted. Returns them. */
export async function tellDisputes(
  run: DemoRun,
  rpc: Parameters<typeof openContracts>[0],
  job: string,
  signal: AbortSignal,
): Promise<readonly ListedGame[]> {
  const client = await openContracts(rpc)
  const token = await readToken(client)
  const telling: Telling = { run, client, money: amount => formatAmount(amount, token) }
  const told = new Map<number, number>()
  const over = new Map<number, ListedGame>()
  for (let isLast = false; ; isLast = signal.aborted) {
    for (const listed of await listGames(client, { job: job as JobId })) {
      const { game } = listed
      if (over.has(game)) continue
      if (!told.has(game)) tellOpened(telling, listed)
      const moves = await readGameMoves(client, game)
      if (moves !== undefined) tellMoves(telling, listed, moves, told.get(game) ?? 0)
      told.set(game, moves?.moves.length ?? 0)
      const end = listed.state === 'open' ? undefined : await readGameMoney(client, game)
      if (end === undefined) continue
      tellEnd(telling, listed, end, moves?.moves.at(-1)?.after.turn ?? 0)
      if (listed.state !== 'dissolved') await tellEvidence(telling, game)
      over.set(game, listed)
    }
    if (isLast || run.signal.aborted) return [...over.values()]
    await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}
