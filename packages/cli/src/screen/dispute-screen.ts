/** Disputes for people: a table of them, what each move of one narrowed, where it led, and what its end cost whom. */
import type { GameMoves, ListedGame } from '@cairn/contracts'
import type { Evidence, EvidenceDifference, EvidenceStep, Position, Subject } from '@cairn/protocol'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import type { Dispute, NamedDispute } from '../network/dispute.ts'
import type { DisputeReport } from '../network/dispute-report.ts'
import { unitName } from '../network/work-names.ts'
import { printColumns } from './columns.ts'
import { costRows, pathRows } from './dispute-path-screen.ts'
import { moveInWords, questionOf } from './dispute-words.ts'
import { formatCount, plural } from './format.ts'
import type { Screen } from './screen.ts'
import { printRows, type Row } from './table.ts'

const short = (text: string): string => text.slice(0, 10)

const stateOf = ({ state, toMove, endsAtSeconds = 0 }: ListedGame): string =>
  state === 'open' ? `${toMove}'s turn until ${new Date(endsAtSeconds * 1000).toISOString()}` : state

const workOf = ({ game: { isOuter, isAttestation, position }, replicas }: NamedDispute): string => {
  if (isAttestation) return `an attestation (place ${position} of its link)`
  return isOuter ? `outer step, signed by ${unitName(position, replicas)}` : unitName(position, replicas)
}

/** Prints a table of disputes. */
export function showDisputes(screen: Screen, disputes: readonly NamedDispute[], token: TokenUnit): void {
  const heading = ['game', 'job', 'round', 'about', 'challenger', 'defender', 'bond', 'state']
  const rows = disputes.map(dispute => {
    const { game, challenger, defender, bond, job, round } = dispute.game
    const parties = [short(challenger), short(defender), formatAmount(bond, token)]
    return [`${game}`, job.slice(0, 8), `${round}`, workOf(dispute), ...parties, stateOf(dispute.game)]
  })
  printColumns(screen, heading, rows)
}

/** A move for the table, wherever it was made. */
type ShownMove = Pick<EvidenceStep, 'made' | 'before' | 'after'>

function moveRow(subject: Subject, { made, before, after }: ShownMove): readonly string[] {
  const question = after === undefined ? 'nothing: the game is over' : questionOf(subject, after)
  const gas = 'transaction' in made ? formatCount(made.gasUsed) : 'said'
  return [`${before.turn + 1}`, made.by, moveInWords(made.move), question, gas]
}

const untoldRow = (turns: number): readonly string[] => ['', '', `${plural(turns, 'move')} by messages`, '', 'said']

/** Prints what each move narrowed; moves that the chain was not told are a row of their own. */
function showMoves(screen: Screen, { subject, start }: GameMoves, moves: readonly ShownMove[]): void {
  screen.print(`In question at first: ${questionOf(subject, start)}`)
  if (moves.length === 0) return
  let turn = 0
  const rows = moves.flatMap(move => {
    const untold = move.before.turn - turn
    turn = (move.after ?? move.before).turn
    return untold > 0 ? [untoldRow(untold), moveRow(subject, move)] : [moveRow(subject, move)]
  })
  printColumns(screen, ['move', 'by', 'what', 'in question after it', 'gas'], rows)
}

/** Of a game that goes on, or whose last transaction cannot be read. */
function movesSoFar({ moves }: GameMoves): ShownMove[] {
  return moves.map(({ by, move, before, after, transaction, gasUsed = 0n }) => {
    const made = { by, move, transaction, gasUsed: Number(gasUsed) }
    const from: Position = before ?? { ...after, turn: after.turn - 1 }
    return { made, before: from, after }
  })
}

type Slash = Omit<NonNullable<Evidence['money']>, 'bond'>

/** What became of a bond; without a token, which a bundle does not name, in its smallest unit. */
function slashRows({ loser, winner, reward, burned, rest }: Slash, token?: TokenUnit): Row[] {
  const amount = (text: string) =>
    token ? formatAmount(BigInt(text), token) : `${formatCount(BigInt(text))} of the token's smallest unit`
  const all = [reward, burned, rest].reduce((sum, part) => sum + BigInt(part), 0n)
  return [
    ['lost', `${amount(String(all))} by ${loser}`],
    ['reward', `${amount(reward)} to ${winner}`],
    ['burned', amount(burned)],
    ['for victims', amount(rest)],
  ]
}

function moneyRows({ money }: Dispute, token: TokenUnit): Row[] {
  if (money === undefined) return []
  const { slash, pot, transaction } = money
  const ended: Row = ['ended by', transaction]
  if (slash === undefined) return [ended, ['bonds', 'nobody lost one']]
  const { loser, winner, reward, burned, rest } = slash
  const parts = { reward: String(reward), burned: String(burned), rest: String(rest) }
  const payable = pot && new Date(pot.payableFromSeconds * 1000).toISOString()
  return [
    ended,
    ...slashRows({ loser, winner, ...parts }, token),
    ...(pot && pot.amount > 0n
      ? [['compensation', `${formatAmount(pot.amount, token)}, payable from ${payable}`] as const]
      : []),
  ]
}

/** Says what a bundle does not bear out. */
function showDifferences(screen: Screen, differences: readonly EvidenceDifference[]): void {
  screen.print(screen.colours.red('The evidence does not bear out what it says of the chain:'))
  for (const { what, expected, found } of differences) {
    screen.print(`  ${what}`)
    printRows(screen, [
      ['expected', expected],
      ['found', found],
    ])
  }
}

/** Prints all of a dispute; `report` where it is over and can be judged again. */
export function showDispute(screen: Screen, dispute: Dispute, token: TokenUnit, report?: DisputeReport): void {
  const { game } = dispute
  const rows: Row[] = [
    ['job', game.job],
    ['about', `round ${game.round}, ${report?.path?.unit ?? workOf(dispute)}`],
    ['challenger', game.challenger],
    ['defender', game.defender],
    ['bond', formatAmount(game.bond, token)],
    ['state', screen.colours.bold(stateOf(game))],
  ]
  screen.print(`Dispute ${game.game}`)
  printRows(screen, rows)
  const { played } = dispute
  if (played) showMoves(screen, played, report?.steps ?? movesSoFar(played))
  if (report && report.differences.length > 0) showDifferences(screen, report.differences)
  else if (report) {
    screen.print('Where it led')
    printRows(screen, [...pathRows(report), ...costRows(report)])
  }
  printRows(screen, moneyRows(dispute, token))
}

/** Prints what came of judging a bundle again. */
export function showJudged(screen: Screen, report: DisputeReport, token?: TokenUnit): void {
  const { differences, steps, bundle } = report
  if (differences.length > 0) {
    showDifferences(screen, differences)
    return
  }
  screen.print(`Dispute ${bundle.game} of job ${bundle.anchor.job}`)
  const { money } = bundle
  printRows(screen, [...pathRows(report), ...costRows(report), ...(money ? slashRows(money, token) : [])])
  screen.print(`${screen.colours.green(plural(steps.length, 'move'))} judged again: the chain was right.`)
}
