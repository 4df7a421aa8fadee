/** `cairn verify RECEIPT`: does the work again, all of it or some random units, and says whether the receipt is true. */
import { dirname } from 'node:path'
import type { Receipt } from '@cairn/protocol'
import { createExecutor, type Verdict, verifyIdentity, verifyUnits, verifyWhole } from '@cairn/training'
import type { Command } from 'commander'
import { fileStore } from '../files/file-store.ts'
import { sha256 } from '../files/hash.ts'
import { type Measured, measureJob } from '../run/measure.ts'
import { type PreparedJob, prepareJob } from '../run/prepare.ts'
import * as verification from '../run/verify-receipt.ts'
import { EXIT, errorEvent } from '../screen/errors.ts'
import { formatDuration, formatShare, plural } from '../screen/format.ts'
import type { Screen } from '../screen/screen.ts'
import { printRows } from '../screen/table.ts'
import { backendOf, type CommandContext, examples, integer, type MachineOptions, machineOptions } from './context.ts'

interface VerifyCommandOptions extends MachineOptions {
  readonly data?: string
  readonly jobDir?: string
  readonly weights?: string
  readonly tokenizer?: string
  readonly initialWeights?: string
  readonly units?: number
  readonly json: boolean
}

interface Check {
  readonly screen: Screen
  readonly receipt: Receipt
  readonly path: string
  readonly options: VerifyCommandOptions
}

/** Milliseconds that `units` units take, without outer steps and evaluations. */
function unitsMs({ cost, operationsPerSecond }: Measured, receipt: Receipt, units: number): number {
  const { innerSteps } = receipt.spec.schedule
  return (units * innerSteps * Number(cost.operationsPerStep) * 1000) / Number(operationsPerSecond)
}

function announceWhole({ screen, receipt }: Check, measured: Measured): void {
  const units = plural(verification.unitsOf(receipt), 'unit')
  screen.note(`Doing the whole job again, ${units}: about ${formatDuration(measured.estimatedMs)} on this machine.`)
}

/** Says how long a partial check takes, and plainly what it cannot catch. */
function announcePart({ screen, receipt }: Check, measured: Measured, checked: number): void {
  const all = verification.unitsOf(receipt)
  const miss = verification.chanceToMiss(all, checked)
  const time = formatDuration(unitsMs(measured, receipt, checked))
  screen.note(`Doing ${checked} of ${plural(all, 'unit')} again, drawn at random: about ${time} on this machine.`)
  if (miss > 0)
    screen.note(
      `If exactly one of the ${all} were wrong, this check would miss it with a chance of ${formatShare(miss)}.`,
    )
  screen.note(
    'It cannot catch wrong initial weights, outer steps or evaluations at all; without --units they are checked, too.',
  )
}

function onUnit({ screen, receipt, options }: Check, total: number) {
  const began = performance.now()
  let count = 0
  return async (round: number, replica: number): Promise<void> => {
    const left = count === 0 ? '' : `  ${formatDuration(((performance.now() - began) / count) * (total - count))} left`
    count++
    if (options.json) screen.print(JSON.stringify({ event: 'unit', round, replica, number: count, of: total }))
    const { rounds, replicas } = receipt.spec.schedule
    screen.status(`round ${round + 1}/${rounds} replica ${replica + 1}/${replicas}  unit ${count}/${total}${left}`)
  }
}

async function doAgain(check: Check, prepared: PreparedJob): Promise<Verdict> {
  const { receipt, options, path, screen } = check
  const { program, data, initial } = prepared
  const units = options.units === undefined ? undefined : verification.drawUnits(receipt, options.units)
  if (units !== undefined) verification.assertStates(receipt, dirname(path), units)
  const backend = backendOf(options)
  screen.status('Timing a few steps ...')
  const measured = await measureJob(prepared, backend, options.threads)
  if (units === undefined) announceWhole(check, measured)
  else announcePart(check, measured, units.length)
  const executor = createExecutor(program, data.dataset, { backend, hash: sha256, threads: options.threads })
  const total = units?.length ?? verification.unitsOf(receipt)
  const base = { hash: sha256, program, executor, receipt, onUnit: onUnit(check, total) }
  const verify = initial === undefined ? base : { ...base, initial }
  try {
    return units === undefined ? await verifyWhole(verify) : await verifyUnits(verify, fileStore(dirname(path)), units)
  } finally {
    await executor.close()
    screen.status('')
  }
}

/** Cheap checks first: the weights file, then job and data, then the work itself. */
async function judge(check: Check): Promise<Verdict> {
  const { receipt, path, options } = check
  const weights = await verification.checkWeights(receipt, path, options.weights)
  if (!weights.ok) return weights
  const job = await verification.jobOfReceipt(receipt, path, options.jobDir)
  const { data, tokenizer: tokeniser, initialWeights } = options
  const prepared = await prepareJob(job, verification.besideReceipt(path, { data, tokeniser, initialWeights }))
  const { program } = prepared
  const identity = verifyIdentity({ receipt, program }, prepared.data.facts)
  return identity.ok ? doAgain(check, prepared) : identity
}

function showVerdict({ screen, receipt, options }: Check, verdict: Verdict, ms: number): void {
  const { colours } = screen
  if (!verdict.ok) {
    screen.print(`${colours.red(colours.bold('DISAGREES'))}: the receipt is not true of what is here.`)
    printRows(screen, [
      ['where', verdict.path],
      ['expected', `${verdict.expected} (says the receipt)`],
      ['found', verdict.found],
    ])
    return
  }
  const all = verification.unitsOf(receipt)
  const state = `final state ${receipt.finalStateRoot.slice(0, 12)}...`
  const what = receipt.diverged ? `the divergence after ${state}` : `the weights of ${state}`
  const scope =
    options.units === undefined
      ? `all ${plural(all, 'unit')}, every outer step and evaluation, and ${what}`
      : `${verdict.units} of ${plural(all, 'unit')}, and ${what}; not the whole job`
  screen.print(`${colours.green(colours.bold('AGREES'))}: ${scope}; done again in ${formatDuration(ms)}.`)
}

function jsonVerdict({ receipt, options }: Check, verdict: Verdict, ms: number): object {
  const all = verification.unitsOf(receipt)
  const { finalStateRoot } = receipt
  const scope = { ofUnits: all, isWhole: options.units === undefined, finalStateRoot, seconds: ms / 1000 }
  if (!verdict.ok)
    return { event: 'disagrees', path: verdict.path, expected: verdict.expected, found: verdict.found, ...scope }
  const chanceToMissOneUnit = options.units === undefined ? 0 : verification.chanceToMiss(all, verdict.units)
  return { event: 'agrees', units: verdict.units, chanceToMissOneUnit, ...scope }
}

async function verifyCommand({ screen }: CommandContext, path: string, options: VerifyCommandOptions): Promise<number> {
  const began = performance.now()
  try {
    const check: Check = { screen, receipt: await verification.readReceipt(path), path, options }
    const verdict = await judge(check)
    const ms = performance.now() - began
    screen.status('')
    if (options.json) screen.print(JSON.stringify(jsonVerdict(check, verdict, ms)))
    else showVerdict(check, verdict, ms)
    return verdict.ok ? EXIT.ok : EXIT.disagreed
  } catch (error) {
    if (options.json) screen.print(JSON.stringify(errorEvent(error)))
    throw error
  }
}

/** Adds the command. */
export function addVerify(program: Command, context: CommandContext): void {
  const command = program
    .command('verify')
    .summary('do the work of a receipt again and compare')
    .description(
      'Check a receipt by doing its work again. Needs receipt.json, the weights beside it, and the data.\n' +
        'Exit code: 0 it agrees, 1 it disagrees, 2 something needed is missing or damaged.',
    )
    .argument('<receipt>', 'receipt.json of a run')
    .option('--units <n>', 'do only n units again, drawn at random; needs the states of the run', integer(1))
    .option('--data <path>', 'where the data is, instead of where the job says')
    .option('--job-dir <dir>', 'directory that paths in the job start at')
    .option('--weights <file>', 'where the weights are, instead of beside the receipt')
    .option('--tokenizer <file>', 'where the tokeniser is, instead of beside the receipt')
    .option('--initial-weights <file>', 'where the initial weights are, for a job that starts from some')
    .option('--json', 'print one JSON object a line instead', false)
  machineOptions(command).action(async (path: string, options: VerifyCommandOptions) => {
    context.exitCode = await verifyCommand(context, path, options)
  })
  examples(command, [
    'verify out/first/receipt.json',
    'verify out/first/receipt.json --units 2',
    'verify received/receipt.json --data my-copy-of-the-text.txt',
  ])
}
