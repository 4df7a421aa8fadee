/** The page `docs/zoo.md`: every kind of cheat that there is, what it does, and what comes of it. */
import { CHEATS } from './cheats.ts'
import { type CheatEnd, DEMO_CHEATS } from './demo-cheats.ts'
import { DEFENDER_BEHAVIOURS } from './players.ts'
import { type CheatOutcome, gainOf, type PartyName, type ProtocolCheat } from './protocol-cheat.ts'

/** The kinds that a zoo must have, and those here that are of that kind. */
const WANTED: Readonly<Record<string, readonly string[]>> = {
  'skips steps': ['skips-one-step', 'skips-the-rest', 'skips-every-other-step'],
  'other data': ['other-data'],
  'other seed': ['other-seed'],
  'other learning rate': ['other-learning-rate'],
  'returns the input': ['returns-input'],
  'random update': ['random-update'],
  'one ulp': ['one-ulp'],
  'wrong only in the second moment': ['wrong-second-moment'],
  'wrong error feedback': ['wrong-error-feedback'],
  'wrong outer step': ['wrong-outer-step'],
  'right result, wrong trace': ['wrong-trace'],
  'silent in the game': ['silent-in-the-game'],
  'stalls every move to the last second': ['stalls-every-move'],
  'lies about a Merkle child': ['lies-about-a-child'],
  'claims another program': ['claims-another-program'],
  'refuses custody': ['refuses-custody'],
  'false accuser': ['false-accuser'],
  'blinded garbage': ['blinded-garbage'],
  'lazy verifier': ['lazy-verifier'],
  'worker and one colluding verifier': ['has-a-verifier'],
  'Sybil that challenges itself and loses': ['sybil-loses-to-itself'],
  'self-reporter after the beacon': ['reports-itself'],
  equivocator: ['equivocator'],
  'coordinator that pays itself': ['coordinator-pays-itself'],
  'coordinator that tries to re-roll the beacon': ['re-rolls-the-beacon'],
}

export interface Performed {
  readonly cheat: ProtocolCheat
  readonly outcome: CheatOutcome
}

/** A dispute about a backend's lie, in the larger model: from the page of costs. */
interface Dispute {
  readonly moves: string
  readonly gas: string
  readonly lastGas: string
}

/** Reads the rows of the larger model, which come first in the page. Throws `Error` where it has other columns. */
function disputesIn(costPage: string): ReadonlyMap<string, Dispute> {
  const [, section = ''] = costPage.split(/^## /m)
  const rows = section
    .split('\n')
    .flatMap(line => (line.startsWith('| ') ? [line.split('|').map(cell => cell.trim())] : []))
  const [head = [], ...body] = rows
  const at = (title: string): number => {
    const column = head.indexOf(title)
    if (column < 0) throw new Error(`no column "${title}" in the page of costs`)
    return column
  }
  const [moves, gas, lastGas] = [at('moves'), at('gas'), at('gas of the last')]
  return new Map(
    body.map(row => [row[1] as string, { moves: row[moves]!, gas: row[gas]!, lastGas: row[lastGas]! }] as const),
  )
}

/** What its end is, besides the challenger's winning. */
const ENDS: Readonly<Record<string, string>> = {
  'wrong-trace': 'claims nothing wrong: nobody has to challenge it; who does all the same wins',
  'false-divergence': 'cannot show where the job left the domain, and loses by the clock',
}

const grouped = (value: number | bigint): string => value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',')

function backendRows(costPage: string): string[] {
  const disputes = disputesIn(costPage)
  return CHEATS.map(({ name, description }) => {
    const found = disputes.get(name)
    if (found === undefined) throw new Error(`no dispute about ${name} in the page of costs`)
    const end = ENDS[name] ?? 'loses by proof: the contract computes the operation itself'
    return `| ${[name, description, end, found.moves, found.gas, found.lastGas, 'the unit bond'].join(' | ')} |`
  })
}

const others = ({ cheaters, money }: CheatOutcome): string =>
  Object.entries(money)
    .filter(([name, change]) => change !== 0n && !cheaters.includes(name as PartyName))
    .map(([name, change]) => `${name} ${grouped(change)}`)
    .join(', ') || 'nobody'

const protocolRow = ({ cheat: { name, description, threat }, outcome }: Performed): string => {
  const { end, moves, gas, lastGas, seconds } = outcome
  const cells = [name, description, threat, end, moves, gas, lastGas, seconds, -gainOf(outcome)]
  return `| ${[...cells.map(cell => (typeof cell === 'string' ? cell : grouped(cell))), others(outcome)].join(' | ')} |`
}

/** What comes of a kind in a network of processes. */
const IN_NETWORK: Readonly<Record<CheatEnd, string>> = {
  refuted: 'its claim is disputed and falls, the job goes back to that round',
  defended: 'its challenges are lost to the clock, the job goes on',
  unpaid: 'the assertion is challenged and falls; the right one is paid',
  undisputed: 'nothing is disputed, and nothing gained',
}

const demoRows = (): string[] =>
  DEMO_CHEATS.filter(({ name }) => CHEATS.every(cheat => cheat.name !== name)).map(
    ({ name, description, end }) => `| ${[name, description, IN_NETWORK[end]].join(' | ')} |`,
  )

/** Writes the page. Throws `Error` where a kind that there must be is missing. */
export function zooPage(performed: readonly Performed[], costPage: string): string {
  const names = new Set([...CHEATS, ...performed.map(({ cheat }) => cheat)].map(({ name }) => name))
  const missing = Object.values(WANTED)
    .flat()
    .filter(name => !names.has(name))
  if (missing.length > 0) throw new Error(`not in the zoo: ${missing.join(', ')}`)
  return [
    '# The zoo',
    '',
    'Generated by `node e2e/slow/zoo-table.ts --write`. Do not edit. Everything here cheats, and gains nothing: tests in `e2e/zoo`.',
    '',
    '| kind | here |',
    '|---|---|',
    ...Object.entries(WANTED).map(([kind, found]) => `| ${kind} | ${found.join(', ')} |`),
    '',
    '## Who computes something else',
    'A backend that lies, in a worker that is honest otherwise: `npm run demo -- --cheat KIND`. Figures are of the dispute in a GPT of 10.6 M parameters, from',
    '[dispute-costs.md](dispute-costs.md), where bytes and times are, too. Every one of them is found by another claim than an honest worker’s, and played',
    'by the machine and by the contract in `e2e/zoo/zoo.test.ts`. The unit bond is what the network’s inequality asks for ([audit-economics.md](audit-economics.md)); half of it is burned.',
    '',
    '| kind | the worker | what happens | moves | gas | gas of the last | loses |',
    '|---|---|---|---:|---:|---:|---|',
    ...backendRows(costPage),
    '',
    '## Who breaks the protocol',
    'Performed on real contracts with a tiny job, by `e2e/zoo/protocol-cheats.ts`; `refuses-custody` and `lazy-verifier` before the coordinator’s role. A unit is paid 100, its bond is 999, a first',
    'challenger’s 1,000,000, an asserter’s 10,000,000, all in the token’s smallest unit. *Moves* are transactions to the contract of games, opening and timeouts included. *Seconds* are the chain’s: of a',
    'side’s 120 in a game, and of the 600 after which a round is final. *Lose* is what all accounts of the cheat have less in the end.',
    '',
    '| kind | does | hopes that | what happens | moves | gas | gas of the last | seconds | lose | others get |',
    '|---|---|---|---|---:|---:|---:|---:|---:|---|',
    ...performed.map(protocolRow),
    '',
    `In a game, a defender may be one of these, too: ${DEFENDER_BEHAVIOURS.map(({ name }) => name).join(', ')} (\`e2e/zoo/players.ts\`).`,
    '',
    '## In a network of processes',
    '`npm run demo -- --cheat KIND`, for the kinds of the first table and for these: a coordinator, three workers and two verifiers, of which those that are named run',
    'another program (`e2e/zoo/dishonest-node.ts`). Whoever is found loses its bond, nobody else loses anything, and the final root is that of an honest run: all kinds, one after the',
    'other, by `node e2e/slow/demo-cheats.ts`. `prices-challengers-out` is on contracts alone. In `has-a-verifier` and `sybil-loses-to-itself` two verifiers look at every',
    'part that is audited, and one of them is honest: where the accomplice alone is drawn, and nobody else looks, the wrong unit passes.',
    '',
    '| kind | who does what | what comes of it |',
    '|---|---|---|',
    ...demoRows(),
    '',
    '## What is not prevented, only priced or refused',
    '- *Equivocation* itself costs nothing: two claims are signed, one can be anchored. Only a wrong one that is anchored and refuted costs its bond.',
    '- *Custody* is asked for by the coordinator’s role; the contract knows only how many custodians may be paid. A worker whose accomplice coordinates can anchor a unit that nobody else holds: whoever',
    '  audits it is told nothing, and the next round cannot begin. It earns no more by that than by doing the unit.',
    '- *A verifier of its own* that is the only one drawn lets a wrong unit pass, unless somebody else looks. The bond makes that a loss on average, for the share of colluding stake that the network assumes.',
    '- *Lost challenges* double the next challenger’s bond, up to the minimum stake: `prices-challengers-out` is done on a network where a first one costs 50,000,000 and nodes need 400,000,000. A node whose',
    '  stake is locked elsewhere to more than what is left over the minimum may still have to wait for it, or leave the challenge to another one.',
    '',
  ].join('\n')
}
