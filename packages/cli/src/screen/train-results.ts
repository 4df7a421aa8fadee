/** What a person reads when a training is over: what it left behind, what to type next, or where it diverged. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '@cairn/protocol'
import { PLOT, RECEIPT, WEIGHTS } from '../files/run-directory.ts'
import { finalLoss, lossUnit } from '../run/results.ts'
import { commandName, quoted } from './command-name.ts'
import { formatBytes, formatDuration } from './format.ts'
import type { Screen } from './screen.ts'
import { printRows, type Row } from './table.ts'
import { shownPath } from './train-screen.ts'

/** Shows what a finished run left behind. */
export function showResults(screen: Screen, out: string, receipt: Receipt, ms: number): void {
  const loss = finalLoss(receipt)
  const weights = join(out, WEIGHTS)
  const rows: Row[] = [
    ['final state root', receipt.finalStateRoot],
    ...(loss === undefined ? [] : [['validation loss', `${loss.toFixed(4)} ${lossUnit(receipt.spec)}`] as const]),
    ['weights', `${shownPath(weights)} (${formatBytes(statSync(weights).size)})`],
    ['receipt', shownPath(join(out, RECEIPT))],
    ['loss plot', shownPath(join(out, PLOT))],
  ]
  screen.print(screen.colours.bold(`Done in ${formatDuration(ms)}.`))
  printRows(screen, rows)
}

/** Says what to type next. */
export function showNextSteps(screen: Screen, out: string, { spec }: Receipt): void {
  const [cairn, place] = [commandName(), quoted(shownPath(out))]
  screen.print('Next:')
  if (spec.model.kind !== 'mlp') screen.print(`  ${cairn} sample ${place}`)
  screen.print(`  ${cairn} verify ${place}/receipt.json --units 2`)
}

/** Explains a job that left the range of numbers: not a fault of the machine, and the same everywhere. */
export function showDivergence(screen: Screen, out: string, { diverged, spec, rounds }: Receipt): void {
  if (diverged === undefined) return
  const { round, replica, step, operator } = diverged
  const inStep = replica === undefined ? ', in the outer step' : `, replica ${replica}, step ${step}`
  screen.note(`${screen.colours.red('diverged')} ${screen.colours.bold('The training left the range of numbers.')}`)
  printRows(
    screen,
    [
      ['where', `round ${round}${inStep}, operator ${operator} (counted from 0)`],
      ['expected', 'every value to be 0 or of a magnitude below 2^60'],
      ['found', 'a larger one; it happens at this place on every machine'],
      ['kept', `the state after ${rounds.length} finished rounds, its weights and a receipt in ${shownPath(out)}`],
      [
        'to do',
        `Lower optimiser.learningRate (now ${spec.optimiser.learningRate}; 0.001 suits most small models) or lengthen optimiser.warmupSteps.`,
      ],
    ],
    screen.note,
  )
}
