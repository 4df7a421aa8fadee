/** The end of a cheat, for a person: what was tried and noticed, what it cost, and whether it changed anything. */
import { formatAmount, type LocalNetwork, openContracts, type Screen } from '@cairn/cli'
import { readBalances, readToken } from '@cairn/contracts'
import type { Account, Receipt } from '@cairn/protocol'
import type { DemoCheat } from './cheat.ts'
import { complaintsAbout, ownWords } from './cheat-logs.ts'
import { type CheatSummary, cheatSummary, type Happened, moneyOf } from './cheat-outcome.ts'
import type { DemoRun } from './demo-job.ts'
import { honestRoot } from './honest-run.ts'

/** By account, in the token's smallest unit. */
type Stakes = ReadonlyMap<string, bigint>

/** Of what logs say on one thing. */
const MOST_LINES = 8

const boldly = ({ colours }: Screen, isRight: boolean, text: string): string =>
  isRight ? colours.green(text) : colours.red(colours.bold(text))

/** Compares with the same job done without a cheat. Tells whether every bit is the same. */
async function compareWithHonest(run: DemoRun, { cheaters }: DemoCheat, { finalStateRoot }: Receipt): Promise<boolean> {
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

/** Tells what the cheaters tried, and what the coordinator noticed of it. */
function tellWords({ screen, options: { out } }: DemoRun, { cheaters }: DemoCheat, { accounts }: LocalNetwork): void {
  const tell = (title: string, lines: readonly string[]): void => {
    if (lines.length > 0) screen.print(`\n${screen.colours.bold(title)}`)
    for (const line of lines.slice(0, MOST_LINES)) screen.print(`  ${line}`)
    if (lines.length > MOST_LINES) screen.print(`  ... and ${lines.length - MOST_LINES} more`)
  }
  const logs = { out, accounts }
  const tried = cheaters.flatMap(name => ownWords(logs, name).map(text => `${name.padEnd(11)} ${text}`))
  tell('What was tried, by the log of who did:', tried)
  tell(
    'What the coordinator noticed:',
    cheaters.flatMap(name => complaintsAbout(logs, name)),
  )
}

/** Tells what the cheaters have lost, and what others got of it. */
async function tellCost(
  { screen, nameOf }: DemoRun,
  { cheaters }: DemoCheat,
  { network, accounts }: LocalNetwork,
  happened: Happened,
  before: Stakes,
): Promise<void> {
  const client = await openContracts(network)
  const token = await readToken(client)
  const money = (amount: bigint): string => formatAmount(amount, token)
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

/** Says why nobody noticed, where somebody was to notice. */
function tellMissed({ screen, options }: DemoRun, { cheaters }: DemoCheat): void {
  screen.print(
    `\nIt did not come as it should: ${cheaters.join(' and ')} had nothing to cheat in, or the others were too slow for the`,
  )
  screen.print(`window of ${options.challengeSeconds} s. On a busy machine a longer one helps: --challenge-seconds N.`)
}

/** Tells the end of a cheat. */
export async function tellCheat(
  run: DemoRun,
  cheat: DemoCheat,
  network: LocalNetwork,
  { receipt, happened, stakes }: { readonly receipt: Receipt; readonly happened: Happened; readonly stakes: Stakes },
): Promise<CheatSummary> {
  const isSame = await compareWithHonest(run, cheat, receipt)
  tellWords(run, cheat, network)
  await tellCost(run, cheat, network, happened, stakes)
  const summary = cheatSummary(run, cheat, happened, isSame)
  if (!summary.isMet) tellMissed(run, cheat)
  return summary
}
