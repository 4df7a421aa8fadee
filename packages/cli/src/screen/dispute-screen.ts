/** Disputes for people: a table of them, what each move of one narrowed, and what its end cost whom. */
import type { ListedGame } from '@cairn/contracts'
import type { EvidenceDifference, Move, Position } from '@cairn/protocol'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import type { Dispute } from '../network/dispute.ts'
import { printColumns } from './columns.ts'
import { formatCount, plural } from './format.ts'
import type { Screen } from './screen.ts'
import { printRows, type Row } from './table.ts'

const short = (text: string): string => text.slice(0, 10)

const stateOf = ({ state, toMove, endsAtSeconds = 0 }: ListedGame): string =>
  state === 'open' ? `${toMove}'s turn until ${new Date(endsAtSeconds * 1000).toISOString()}` : state

const workOf = ({ isOuter, position }: ListedGame): string => `${isOuter ? 'outer step of ' : ''}work ${position}`

/** Prints a table of disputes. */
export function showDisputes(screen: Screen, games: readonly ListedGame[], token: TokenUnit): void {
  const heading = ['game', 'job', 'round', 'about', 'challenger', 'defender', 'bond', 'state']
  const rows = games.map(game => {
    const { challenger, defender, bond, job, round } = game
    const parties = [short(challenger), short(defender), formatAmount(bond, token)]
    return [`${game.game}`, job.slice(0, 8), `${round}`, workOf(game), ...parties, stateOf(game)]
  })
  printColumns(screen, heading, rows)
}

const TREES: Readonly<Record<Position['phase'], string>> = {
  runs: 'steps',
  operators: 'operators',
  slots: 'tensors of the end',
  elements: 'leaves of the tensor',
  partials: 'leaves of partial results',
}

/** What is in question in a position. */
function questionOf({ phase, firstRun, runs, tree, operator, element, tensorRoot }: Position): string {
  if (phase === 'runs') return `steps ${firstRun} to ${firstRun + runs - 1}`
  // Until its tensor is shown, the tree is still that of the operators.
  if (phase === 'elements' && tensorRoot === undefined) return `operator ${operator}`
  const { first, span, leaves } = tree
  const last = Math.min(first + span, leaves) - 1
  const part = `${first === last ? first : `${first} to ${last}`} of ${formatCount(leaves)} ${TREES[phase]}`
  if (phase === 'elements') return `operator ${operator}: ${part}`
  return phase === 'partials' ? `operator ${operator}, element ${element}: ${part}` : `step ${firstRun}: ${part}`
}

function moveInWords(move: Move): string {
  if (move.move === 'runs') return `shows ${plural(move.roots.length, 'end')} of steps`
  if (move.move === 'reveal') return `shows ${plural(move.hashes.length, 'hash')}`.replace(/hashs$/, 'hashes')
  if (move.move === 'content') return `shows the leaf, ${plural(move.content.length, 'byte')}`
  if (move.move === 'pick') return `says that part ${move.child} is the first wrong one`
  if (move.move === 'target') return `says that end ${move.target} does not follow`
  if (move.move === 'element') return `says that element ${move.element} is wrong`
  return move.move === 'overflow' ? `says that element ${move.element} overflowed` : `makes its last move: ${move.move}`
}

function showMoves(screen: Screen, { played, money, endGas }: Dispute): void {
  if (played === undefined) {
    screen.print('It was over as soon as it was opened: the unit began from a wrong state.')
    return
  }
  const { subject, start, moves } = played
  screen.print(`In question: ${questionOf(start)} of graph ${subject.graph}, from step ${subject.firstStep} of the job`)
  const rows = moves.map(({ by, move, after, gasUsed = 0n }) => [
    ...[`${after.turn}`, by, moveInWords(move), questionOf(after), formatCount(gasUsed)],
  ])
  printColumns(screen, ['move', 'by', 'what', 'in question after it', 'gas'], rows)
  const gas = moves.reduce((sum, { gasUsed = 0n }) => sum + gasUsed, 0n)
  screen.print(`${plural(moves.length, 'move')} on the chain, ${formatCount(gas)} gas`)
  const all = money?.movesBefore ?? moves.at(-1)?.after.turn ?? 0
  if (all > moves.length) screen.print(`${plural(all - moves.length, 'move')} by signed messages, no gas`)
  if (endGas !== undefined)
    screen.print(`What ended it: ${formatCount(endGas)} gas, ${formatCount(gas + endGas)} in all`)
}

function moneyRows({ money }: Dispute, token: TokenUnit): Row[] {
  if (money === undefined) return []
  const { slash, transaction } = money
  const ended: Row = ['ended by', transaction]
  if (slash === undefined) return [ended, ['bonds', 'nobody lost one']]
  const { loser, winner, amount, reward, burned, rest } = slash
  return [
    ended,
    ['lost', `${formatAmount(amount, token)} by ${loser}`],
    ['won', `${formatAmount(reward, token)} by ${winner}`],
    ['burned', formatAmount(burned, token)],
    ['for victims', formatAmount(rest, token)],
  ]
}

/** Prints all of a dispute. */
export function showDispute(screen: Screen, dispute: Dispute, token: TokenUnit): void {
  const { game } = dispute
  const rows: Row[] = [
    ['job', game.job],
    ['about', `round ${game.round}, ${workOf(game)}`],
    ['challenger', game.challenger],
    ['defender', game.defender],
    ['bond', formatAmount(game.bond, token)],
    ['state', screen.colours.bold(stateOf(game))],
  ]
  screen.print(`Dispute ${game.game}`)
  printRows(screen, rows)
  showMoves(screen, dispute)
  printRows(screen, moneyRows(dispute, token))
}

/** Prints what came of judging a bundle again. */
export function showJudged(screen: Screen, moves: number, differences: readonly EvidenceDifference[]): void {
  if (differences.length === 0) {
    screen.print(`${plural(moves, 'move')} judged again: the chain was right.`)
    return
  }
  screen.print(screen.colours.red('The evidence does not bear out what it says of the chain:'))
  for (const { what, expected, found } of differences) {
    screen.print(`  ${what}`)
    printRows(screen, [
      ['expected', expected],
      ['found', found],
    ])
  }
}
