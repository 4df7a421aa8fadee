/** `cairn quote JOB`: what a job takes, before it is run: counted from its program, timed by a few real steps. */
import type { Command } from 'commander'
import { readJob } from '../files/job-file.ts'
import { type Measured, measureJob } from '../run/measure.ts'
import { diskBytes } from '../run/memory.ts'
import { type PreparedJob, prepareJob } from '../run/prepare.ts'
import { checkedRow, DATA_NOTE } from '../screen/checking-rows.ts'
import { formatBytes, formatCount, formatDuration, formatShort, plural } from '../screen/format.ts'
import type { Screen } from '../screen/screen.ts'
import { printRows } from '../screen/table.ts'
import { jobRows, tokensOf } from '../screen/train-screen.ts'
import { backendOf, type CommandContext, examples, type MachineOptions, machineOptions } from './context.ts'
import { KEPT_UNITS } from './train.ts'

interface QuoteOptions extends MachineOptions {
  readonly json: boolean
}

/** Integers that may pass 2^53 are text, so that no reader rounds them. */
function jsonQuote(prepared: PreparedJob, measured: Measured, { threads, backend }: QuoteOptions): object {
  const { cost } = measured
  const { program } = prepared
  return {
    name: prepared.job.spec.name,
    programRoot: program.programRoot,
    parameters: cost.parameters,
    units: cost.units,
    operations: String(cost.operations),
    operationsPerStep: String(cost.operationsPerStep),
    tokens: String(cost.tokens),
    memoryBytes: measured.memoryBytes,
    diskBytes: diskBytes(program, KEPT_UNITS),
    diskBytesKeepingAll: diskBytes(program, 'all'),
    updateBytesPerUnit: cost.updateBytesPerUnit,
    threads,
    backend,
    stepMs: measured.stepMs,
    operationsPerSecond: String(measured.operationsPerSecond),
    estimatedSeconds: measured.estimatedMs / 1000,
    verification: prepared.job.spec.verification,
    note: DATA_NOTE,
  }
}

function show(screen: Screen, prepared: PreparedJob, measured: Measured, { threads }: QuoteOptions): void {
  const { spec } = prepared.job
  const { cost, stepMs, memoryBytes, operationsPerSecond } = measured
  const disk = (keep: 'all' | number) => formatBytes(diskBytes(prepared.program, keep))
  const tokensPerSecond = (Number(cost.tokens) / cost.units / spec.schedule.innerSteps / stepMs) * 1000
  screen.print(screen.colours.bold(spec.name))
  printRows(screen, [
    ...jobRows({ prepared }),
    ['operations', `${formatShort(cost.operations)} (${formatCount(cost.operations)})`],
    ['units', `${formatCount(cost.units)}, each sends an update of ${formatBytes(cost.updateBytesPerUnit)}`],
    ['memory', `${formatBytes(memoryBytes)}, and what Node takes for itself`],
    ['disk', `${disk(KEPT_UNITS)}; with --keep all ${disk('all')}`],
    [
      'speed here',
      `${formatDuration(stepMs)} a step on ${plural(threads, 'thread')}: ${formatShort(tokensPerSecond)} ${tokensOf(spec)}/s, ${formatShort(operationsPerSecond)} operations/s`,
    ],
    ['time here', screen.colours.bold(`about ${formatDuration(measured.estimatedMs)}`)],
    checkedRow(spec),
  ])
  screen.note(screen.colours.yellow(`On a network: ${DATA_NOTE}`))
}

async function quoteCommand({ screen }: CommandContext, path: string, options: QuoteOptions): Promise<void> {
  const prepared = await prepareJob(await readJob(path))
  screen.status('Timing a few steps ...')
  const measured = await measureJob(prepared, backendOf(options), options.threads)
  screen.status('')
  if (options.json) screen.print(JSON.stringify(jsonQuote(prepared, measured, options)))
  else show(screen, prepared, measured, options)
}

/** Adds the command. */
export function addQuote(program: Command, context: CommandContext): void {
  const command = program
    .command('quote')
    .summary('say what a job takes: operations, memory, disk, time on this machine')
    .description(
      'Compile a job and count what it takes. The time is estimated from a few real steps on this machine. What a network\n' +
        'asks for it, audits included, says `cairn submit` before it locks anything.',
    )
    .argument('<job>', 'job file (YAML or JSON)')
    .option('--json', 'print one JSON object instead', false)
  machineOptions(command).action((path: string, options: QuoteOptions) => quoteCommand(context, path, options))
  examples(command, ['quote job.yaml', 'quote job.yaml --threads 1 --json'])
}
