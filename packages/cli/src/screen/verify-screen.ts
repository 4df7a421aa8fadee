/** What a person (or a program) is told while a receipt is verified: how long, how far, what it cannot catch, the verdict. */
import type { Receipt } from '@cairn/protocol'
import type { UnitChoice, Verdict } from '@cairn/training'
import type { Measured } from '../run/measure.ts'
import { chanceToMiss, unitsOf } from '../run/verify-receipt.ts'
import { formatDuration, formatShare, plural } from './format.ts'
import { attestedWork, showChecks } from './receipt-checks.ts'
import type { Screen } from './screen.ts'
import { printRows } from './table.ts'

export interface Verification {
  readonly screen: Screen
  readonly receipt: Receipt
  /** Whether the whole job is done again, or some units of it. */
  readonly isWhole: boolean
  readonly json: boolean
}

/** Milliseconds that `units` units take, without outer steps and evaluations. */
function unitsMs({ cost, operationsPerSecond }: Measured, receipt: Receipt, units: number): number {
  const { innerSteps } = receipt.spec.schedule
  return (units * innerSteps * Number(cost.operationsPerStep) * 1000) / Number(operationsPerSecond)
}

/** Says how long a whole check takes. */
export function announceWhole({ screen, receipt }: Verification, measured: Measured): void {
  const units = plural(unitsOf(receipt), 'unit')
  screen.note(`Doing the whole job again, ${units}: about ${formatDuration(measured.estimatedMs)} on this machine.`)
}

export interface Part {
  /** Units that can be done again here, because their states were kept. */
  readonly checkable: number
  readonly drawn: readonly UnitChoice[]
}

/** Says how long a partial check takes, and plainly what it cannot catch. */
export function announcePart({ screen, receipt }: Verification, measured: Measured, { checkable, drawn }: Part): void {
  const all = unitsOf(receipt)
  const miss = chanceToMiss(all, drawn.length)
  const time = formatDuration(unitsMs(measured, receipt, drawn.length))
  screen.note(`Doing ${drawn.length} of ${plural(all, 'unit')} again, drawn at random: about ${time} on this machine.`)
  if (checkable < all) screen.note(`States were kept for ${checkable} of them only; whoever trained chose which.`)
  if (miss > 0)
    screen.note(
      `If exactly one of the ${all} were wrong, this check would miss it with a chance of ${formatShare(miss)}${checkable < all ? ', and surely if they meant to hide it' : ''}.`,
    )
  screen.note(
    'It cannot catch wrong initial weights, outer steps, evaluations or a false divergence at all; without --units they are checked, too.',
  )
}

/** Makes a listener that shows how far the check is. */
export function onUnit({ screen, receipt, json }: Verification, total: number) {
  const began = performance.now()
  let count = 0
  return async (round: number, replica: number): Promise<void> => {
    const left = count === 0 ? '' : `  ${formatDuration(((performance.now() - began) / count) * (total - count))} left`
    count++
    if (json) screen.print(JSON.stringify({ event: 'unit', round, replica, number: count, of: total }))
    const { rounds, replicas } = receipt.spec.schedule
    screen.status(`round ${round + 1}/${rounds} replica ${replica + 1}/${replicas}  unit ${count}/${total}${left}`)
  }
}

/** Values are compared as JSON; a text reads better without its quotes. */
const unquoted = (json: string): string => json.replace(/^"(.*)"$/, '$1')

/** Shows the verdict in one line, and what differs in three more. */
export function showVerdict({ screen, receipt, isWhole }: Verification, verdict: Verdict, ms: number): void {
  const { colours } = screen
  if (!verdict.ok) {
    screen.print(`${colours.red(colours.bold('DISAGREES'))}: the receipt is not true of what is here.`)
    printRows(screen, [
      ['where', verdict.path],
      ['expected', `${unquoted(verdict.expected)} (says the receipt)`],
      ['found', unquoted(verdict.found)],
    ])
    return
  }
  const all = unitsOf(receipt)
  const state = `final state ${receipt.finalStateRoot.slice(0, 12)}...`
  const what = receipt.diverged && isWhole ? `the divergence after ${state}` : `the weights of ${state}`
  const scope = isWhole
    ? `all ${plural(all, 'unit')}, every outer step and evaluation, and ${what}`
    : `${verdict.units} of ${plural(all, 'unit')}, and ${what}; not the whole job`
  screen.print(`${colours.green(colours.bold('AGREES'))}: ${scope}; done again in ${formatDuration(ms)}.`)
  showChecks(screen, receipt)
}

/** The verdict for programs. */
export function jsonVerdict({ receipt, isWhole }: Verification, verdict: Verdict, ms: number): object {
  const all = unitsOf(receipt)
  const { finalStateRoot } = receipt
  const scope = { ofUnits: all, isWhole, finalStateRoot, seconds: ms / 1000 }
  if (!verdict.ok)
    return { event: 'disagrees', path: verdict.path, expected: verdict.expected, found: verdict.found, ...scope }
  const chanceToMissOneUnit = isWhole ? 0 : chanceToMiss(all, verdict.units)
  const checks = receipt.network && { audits: attestedWork(receipt), disputes: receipt.disputes }
  return { event: 'agrees', units: verdict.units, chanceToMissOneUnit, ...scope, ...checks }
}
