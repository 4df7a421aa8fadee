/** `cairn train JOB --out DIR`: trains, keeps a checkpoint when interrupted, and writes weights and receipt. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { stopOnSignals } from '@cairn/node/files'
import type { Keep } from '@cairn/training'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { readJob } from '../files/job-file.ts'
import { RECEIPT, WEIGHTS } from '../files/run-directory.ts'
import { prepareJob } from '../run/prepare.ts'
import { assertFree, type TrainOutcome, trainJob } from '../run/train-job.ts'
import { commandName, quoted } from '../screen/command-name.ts'
import { EXIT, errorEvent } from '../screen/errors.ts'
import type { Screen } from '../screen/screen.ts'
import { jsonOutcome, trainEvents } from '../screen/train-events.ts'
import { showDivergence, showNextSteps, showResults } from '../screen/train-results.ts'
import { trainScreen } from '../screen/train-screen.ts'
import { backendOf, type CommandContext, decimal, examples, type MachineOptions, machineOptions } from './context.ts'

interface TrainCommandOptions extends MachineOptions {
  readonly out: string
  readonly resume: boolean
  readonly keep: 'all' | 'last' | number
  readonly saveEvery: number
  readonly json: boolean
}

/** Units that can be checked later unless a person says otherwise: a few, so that the disk does not fill by the round. */
export const KEPT_UNITS = 8

/** Parses `--keep`. */
function keepOption(text: string): TrainCommandOptions['keep'] {
  if (text === 'all' || text === 'last') return text
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Expected all, last or a number of units from 1.')
}

const keepOf = ({ keep }: TrainCommandOptions): Keep =>
  typeof keep === 'string' ? keep : { units: keep, random: Math.random }

/** The command that goes on with an interrupted run. */
function resumeCommand(jobPath: string, { out, keep, backend, threads }: TrainCommandOptions): string {
  const more = [
    ...(keep === KEPT_UNITS ? [] : ['--keep', String(keep)]),
    ...(backend === 'wasm' ? [] : ['--backend', backend]),
    ...(threads === availableParallelism() ? [] : ['--threads', String(threads)]),
  ]
  return `${commandName()} ${['train', jobPath, '--out', out, ...more, '--resume'].map(quoted).join(' ')}`
}

const filesIn = (out: string) => ({ weights: join(out, WEIGHTS), receipt: join(out, RECEIPT) })

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
      keep: keepOf(o),
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
      new Option('--keep <states>', 'states to keep, so that units can be done again: of n random units, all, or last')
        .default(KEPT_UNITS)
        .argParser(keepOption),
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
    'train job.yaml --out out/first --keep all --threads 4',
  ])
}
