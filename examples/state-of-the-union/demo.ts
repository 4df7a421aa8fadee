/**
 * `npm run demo [-- --out DIR --json --threads N]`: trains a small GPT on the State of the Union addresses, lets it write
 * while it learns, and checks two random units of the work. The same code as `cairn train`, `sample` and `verify`.
 */
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import {
  createScreen,
  EXIT,
  finalLoss,
  formatDuration,
  formatShare,
  main,
  type PreparedJob,
  prepareJob,
  RECEIPT,
  type RunEvent,
  readJob,
  readSource,
  type Screen,
  sampleText,
  showError,
  showResults,
  stopOnSignals,
  type TrainOutcome,
  trainJob,
  trainScreen,
  WEIGHTS,
  writerOf,
} from '@cairn/cli'
import { wasm } from '@cairn/engine'
import { InputError } from '@cairn/primitives'
import type { State } from '@cairn/training'
import { freshDirectory } from './demo-directory.ts'
import { shareOfRealWords, wordsOf } from './words.ts'

interface DemoOptions {
  readonly out: string
  readonly threads: number
  readonly json: boolean
}

type Finished = Extract<TrainOutcome, { kind: 'finished' | 'diverged' }>

const JOB = relative('.', join(import.meta.dirname, 'job.yaml'))
const PROMPT = 'The '
const SHORT_SAMPLE = 90
const LONG_SAMPLE = 3000
const SHOWN_OF_LONG_SAMPLE = 480
const CHECKED_UNITS = 2
/** Cooler than `cairn sample`: so small a model spells best when it is not adventurous. */
const SAMPLING = { temperature: 0.5, topK: 0, topP: 1, seed: 1 }

function readOptions(): DemoOptions {
  try {
    const { values } = parseArgs({
      options: {
        out: { type: 'string', default: join('out', 'demo') },
        threads: { type: 'string', default: String(availableParallelism()) },
        json: { type: 'boolean', default: false },
      },
    })
    if (/^[1-9]\d?$/.test(values.threads)) return { ...values, threads: Number(values.threads) }
    throw new Error(`--threads ${values.threads}`)
  } catch (cause) {
    throw new InputError('BadArgument', 'The demo does not know this argument.', {
      path: 'arguments',
      expected: '--out DIR, --threads N (1 to 99), --json',
      found: cause instanceof Error ? cause.message : String(cause),
      fix: 'For example: npm run demo -- --out out/demo --threads 2',
      cause,
    })
  }
}

/** Continues the prompt; the same seed every time, so that what changes is the model. */
async function write({ job, data, program }: PreparedJob, global: State, bytes: number): Promise<string> {
  const writer = writerOf({
    spec: job.spec,
    model: program.model,
    global,
    ...(data.tokeniser && { tokeniser: data.tokeniser }),
  })
  let text = ''
  for await (const piece of sampleText(writer, PROMPT, bytes, SAMPLING)) text += piece
  return text
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

function welcome({ print, colours }: Screen): void {
  print(colours.bold('A small GPT learns to write like two centuries of State of the Union addresses.'))
  print(
    'Four replicas train side by side, as four machines would. All arithmetic is exact, so the job file fixes every',
  )
  print('bit of the result: anyone can do any part of the work again and compare hashes. That is what the end shows.\n')
}

/** Shows the run as `cairn train` does, and at every evaluation what the model writes by now. */
function listener(screen: Screen, prepared: PreparedJob, threads: number) {
  const show = trainScreen(screen, { backend: wasm.name, threads })
  return async (event: RunEvent): Promise<void> => {
    show(event)
    if (event.kind !== 'round' || event.evaluation === undefined) return
    const text = oneLine(await write(prepared, event.global, SHORT_SAMPLE))
    screen.print(screen.colours.cyan(`  "${PROMPT}${text}"`))
  }
}

async function showWriting(screen: Screen, prepared: PreparedJob, global: State): Promise<number> {
  screen.status('Writing a page ...')
  const text = await write(prepared, global, LONG_SAMPLE)
  const corpus = new TextDecoder().decode((await readSource(prepared.job)).bytes)
  const share = shareOfRealWords(text, new Set(wordsOf(corpus)))
  const how = `byte by byte (temperature ${SAMPLING.temperature})`
  screen.print(`\n${screen.colours.bold('What it writes now')}, ${how}:`)
  screen.print(screen.colours.cyan(`${PROMPT}${text.slice(0, SHOWN_OF_LONG_SAMPLE)} ...`))
  screen.print(`${formatShare(share)} of its words of three or more letters are words of the addresses.`)
  return share
}

async function checkUnits(screen: Screen, { out, threads }: DemoOptions): Promise<number> {
  screen.print(`\n${screen.colours.bold('Is the receipt true?')} Two random units of the work are done again:`)
  return main(['verify', join(out, RECEIPT), '--units', String(CHECKED_UNITS), '--threads', String(threads)], screen)
}

function showNext(screen: Screen, out: string): void {
  screen.print(`\n${screen.colours.bold('Try next')}`)
  screen.print(`  npx cairn sample ${out} --prompt "My fellow "   let it write more`)
  screen.print(`  npx cairn verify ${out}/receipt.json            do the whole job again: every bit must agree`)
  screen.print('  npx cairn init my-job                          train on a text of your own')
}

async function afterTraining(screen: Screen, prepared: PreparedJob, outcome: Finished, o: DemoOptions, ms: number) {
  const { receipt, global } = outcome
  if (outcome.kind === 'diverged') {
    screen.print(`The training diverged at ${receipt.diverged?.operator}; lower optimiser.learningRate in ${JOB}.`)
    return EXIT.diverged
  }
  showResults(screen, o.out, receipt, ms)
  const share = await showWriting(screen, prepared, global)
  const code = await checkUnits(screen, o)
  showNext(screen, o.out)
  return { code, share }
}

async function demo(screen: Screen, o: DemoOptions): Promise<number> {
  const began = performance.now()
  const stop = stopOnSignals(() => screen.note('Stopping after this step; Ctrl-C again quits at once.'))
  welcome(screen)
  await freshDirectory(o.out)
  const prepared = await prepareJob(await readJob(JOB))
  const onEvent = listener(screen, prepared, o.threads)
  const run = { prepared, out: o.out, resume: false, backend: wasm, threads: o.threads, saveEveryMs: 30_000 }
  const keep = { units: CHECKED_UNITS, random: Math.random }
  const outcome = await trainJob({ ...run, keep, stop, onEvent })
  stop.dispose()
  if (outcome.kind === 'stopped') {
    screen.note(`Stopped. Run the demo again to start afresh, or go on with:`)
    screen.note(`  npx cairn train ${JOB} --out ${o.out} --resume`)
    return EXIT.interrupted
  }
  const done = await afterTraining(screen, prepared, outcome, o, performance.now() - began)
  if (typeof done === 'number') return done
  const seconds = (performance.now() - began) / 1000
  screen.print(screen.colours.dim(`\nAll of it took ${formatDuration(seconds * 1000)}.`))
  if (o.json) {
    const { finalStateRoot } = outcome.receipt
    const files = { weights: join(o.out, WEIGHTS), receipt: join(o.out, RECEIPT) }
    const validationLoss = finalLoss(outcome.receipt)
    console.log(JSON.stringify({ knownWords: done.share }))
    console.log(JSON.stringify({ finalStateRoot, validationLoss, seconds, ...files }))
  }
  return done.code
}

/** With --json, standard output is for the lines that programs read. */
const screenFor = (json: boolean): Screen =>
  createScreen({ stdout: json ? process.stderr : process.stdout, stderr: process.stderr, env: process.env })

try {
  const options = readOptions()
  process.exitCode = await demo(screenFor(options.json), options)
} catch (error) {
  process.exitCode = showError(screenFor(false), error)
}
