/** `cairn train JOB --out DIR`: trains, keeps a checkpoint when interrupted, and writes weights and receipt. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { Receipt } from '@cairn/protocol'
import { type Command, Option } from 'commander'
import { readJob } from '../files/job-file.ts'
import { PLOT, RECEIPT, WEIGHTS } from '../files/run-directory.ts'
import { prepareJob } from '../run/prepare.ts'
import { finalLoss, lossUnit } from '../run/results.ts'
import { stopOnSignals } from '../run/stop.ts'
import { assertFree, type TrainOutcome, trainJob } from '../run/train-job.ts'
import { EXIT, errorEvent } from '../screen/errors.ts'
import { formatBytes, formatDuration } from '../screen/format.ts'
import type { Screen } from '../screen/screen.ts'
import { printRows, type Row } from '../screen/table.ts'
import { jsonOutcome, trainEvents } from '../screen/train-events.ts'
import { shownPath, trainScreen } from '../screen/train-screen.ts'
import { backendOf, type CommandContext, decimal, examples, type MachineOptions, machineOptions } from './context.ts'

interface TrainCommandOptions extends MachineOptions {
  readonly out: string
  readonly resume: boolean
  readonly keep: 'all' | 'last'
  readonly saveEvery: number
  readonly json: boolean
}

/** Writes a word so that a shell reads it as one. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

/** The command that goes on with an interrupted run. */
export function resumeCommand(jobPath: string, { out, keep, backend }: TrainCommandOptions): string {
  const more = [...(keep === 'last' ? ['--keep', 'last'] : []), ...(backend === 'wasm' ? [] : ['--backend', backend])]
  return ['cairn', 'train', jobPath, '--out', out, ...more, '--resume'].map(quoted).join(' ')
}

const filesIn = (out: string) => ({ weights: join(out, WEIGHTS), receipt: join(out, RECEIPT) })

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

function showNextSteps(screen: Screen, out: string, { spec }: Receipt): void {
  const place = quoted(shownPath(out))
  screen.print('Next:')
  if (spec.model.kind !== 'mlp') screen.print(`  cairn sample ${place}                        let the model write`)
  screen.print(`  cairn verify ${place}/receipt.json --units 2   do two random units again and compare`)
}

/** Explains a job that left the range of numbers: not a fault of the machine, and the same everywhere. */
function showDivergence(screen: Screen, out: string, { diverged, spec, rounds }: Receipt): void {
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
        `Lower optimiser.learningRate (now ${spec.optimiser.learningRate}), for example to a tenth; lengthen optimiser.warmupSteps.`,
      ],
    ],
    screen.note,
  )
}

function showOutcome(screen: Screen, outcome: TrainOutcome, path: string, o: TrainCommandOptions, ms: number): number {
  if (outcome.kind === 'stopped') {
    screen.note('Stopped; a checkpoint is kept and nothing is lost. Go on with:')
    screen.note(`  ${resumeCommand(path, o)}`)
    return EXIT.interrupted
  }
  if (outcome.kind === 'diverged') {
    showDivergence(screen, o.out, outcome.receipt)
    return EXIT.diverged
  }
  showResults(screen, o.out, outcome.receipt, ms)
  showNextSteps(screen, o.out, outcome.receipt)
  return EXIT.ok
}

function showJson(screen: Screen, outcome: TrainOutcome, path: string, o: TrainCommandOptions, ms: number): number {
  const stopped = { resume: resumeCommand(path, o) }
  const files = outcome.kind === 'stopped' ? stopped : { seconds: ms / 1000, ...filesIn(o.out) }
  screen.print(JSON.stringify(jsonOutcome(outcome, files)))
  return { stopped: EXIT.interrupted, diverged: EXIT.diverged, finished: EXIT.ok }[outcome.kind]
}

async function trainCommand({ screen }: CommandContext, path: string, o: TrainCommandOptions): Promise<number> {
  const began = performance.now()
  const stop = stopOnSignals(() => screen.note('Stopping after this step; Ctrl-C again quits at once.'))
  try {
    const job = await readJob(path)
    await assertFree(o.out, o.resume)
    const prepared = await prepareJob(job)
    const listener = o.json ? trainEvents(screen) : trainScreen(screen, o)
    const outcome = await trainJob({
      prepared,
      out: o.out,
      resume: o.resume,
      backend: backendOf(o),
      threads: o.threads,
      keep: o.keep,
      saveEveryMs: o.saveEvery * 1000,
      stop,
      onEvent: listener,
    })
    screen.status('')
    return (o.json ? showJson : showOutcome)(screen, outcome, path, o, performance.now() - began)
  } catch (error) {
    if (o.json) screen.print(JSON.stringify(errorEvent(error)))
    throw error
  } finally {
    stop.dispose()
  }
}

/** Adds the command. */
export function addTrain(program: Command, context: CommandContext): void {
  const command = program
    .command('train')
    .summary('train a job; writes weights, a receipt and a loss plot')
    .description('Train the job of a specification file. A crash or Ctrl-C loses at most the last half minute.')
    .argument('<job>', 'job file (YAML or JSON); `cairn init` writes one')
    .requiredOption('--out <dir>', 'directory for everything the run writes')
    .option('--resume', 'go on with the run in --out', false)
    .addOption(
      new Option('--keep <states>', 'keep all rounds, so that single units can be verified later, or only the last')
        .choices(['all', 'last'])
        .default('all'),
    )
    .addOption(
      new Option('--save-every <seconds>', 'how often to save a checkpoint inside a unit')
        .default(30)
        .argParser(decimal(0)),
    )
    .option('--json', 'print one JSON object a line instead', false)
  machineOptions(command).action(async (path: string, options: TrainCommandOptions) => {
    context.exitCode = await trainCommand(context, path, options)
  })
  examples(command, [
    'train job.yaml --out out/first',
    'train job.yaml --out out/first --resume',
    'train job.yaml --out out/first --keep last --threads 4',
  ])
}
