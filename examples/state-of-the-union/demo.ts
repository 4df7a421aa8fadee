/**
 * `npm run demo [-- --cheat KIND --out DIR --workers N --verifiers N --threads-per-worker N --json]`: a network of processes on this
 * machine (chain, coordinator, workers, verifiers) trains a small GPT on the State of the Union addresses, checks random
 * parts of that, and is paid for both. Then the model writes, two random units of the work are done again, and the money is
 * counted. All by the code of `cairn up`, `submit` and so on.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createScreen,
  EXIT,
  finalLoss,
  formatDuration,
  plural,
  RECEIPT,
  type Screen,
  showError,
  untilAborted,
  WEIGHTS,
} from '@cairn/cli'
import { freshDirectory, networkDirectoryIn } from './demo-directory.ts'
import { helpText } from './demo-help.ts'
import type { DemoRun } from './demo-job.ts'
import { namesOf, startNetwork } from './demo-network.ts'
import { type DemoOptions, readOptions } from './demo-options.ts'
import { stopRequest } from './stop-request.ts'
import { type Told, tellStory } from './story.ts'

/** How long what is broken off may take to put its things away, while the network still answers it. */
const GRACE_MS = 1500

function welcome({ print, colours }: Screen, { workers, verifiers, cheat }: DemoOptions): void {
  print(colours.bold('A small GPT learns to write like two centuries of State of the Union addresses, on a network.'))
  const nodes = ['a coordinator', plural(workers, 'worker'), ...(verifiers > 0 ? [plural(verifiers, 'verifier')] : [])]
  const all = `A chain, ${nodes.slice(0, -1).join(', ')} and ${nodes.at(-1)}`
  print(`${all} start here, each a process of its own; none trusts another.`)
  print(
    'All arithmetic is exact, so the job file fixes every bit of the result, whoever does the work: anyone can do any',
  )
  print('part of it again and compare hashes. That, and who was paid for what, is what the end shows.\n')
  if (cheat === undefined) return
  print(
    `${colours.bold(`${cheat.cheaters.join(' and ')} cheat${cheat.cheaters.length === 1 ? 's' : ''}`)} (${cheat.name}):`,
  )
  print(`${cheat.description}.`)
  if (cheat.isSlow) print('A side of a dispute has its time, and it runs out: this takes some minutes more.')
  print('The others do not know. Verifiers, drawn after the work was anchored, do random parts of it again.\n')
}

/** Says nothing more once the signal is aborted: by then another tells how it ended. */
const screenUntil = (signal: AbortSignal, screen: Screen): Screen => ({
  ...screen,
  print: line => void (signal.aborted || screen.print(line)),
  note: line => void (signal.aborted || screen.note(line)),
  status: text => void (signal.aborted || screen.status(text)),
})

/** Runs the demo on a network of its own, which is stopped in any case. */
async function onNetwork(
  screen: Screen,
  options: DemoOptions,
  asked: AbortSignal,
  onJob: DemoRun['onJob'],
): Promise<Told> {
  const network = await startNetwork(screen, options, asked)
  const broken = new AbortController()
  network.failed.then(error => broken.abort(error))
  const signal = AbortSignal.any([asked, broken.signal])
  const shared = { screen: screenUntil(signal, screen), network: network.path, nameOf: namesOf(network) }
  const run: DemoRun = { ...shared, options, signal, onJob }
  const story = tellStory(run, network)
  try {
    return await untilAborted(signal, story)
  } finally {
    if (!asked.aborted) screen.status('Stopping the network ...')
    await Promise.race([story.catch(() => undefined), sleep(GRACE_MS)])
    await network.stop()
    screen.status('')
  }
}

function showNext({ print, colours }: Screen, { out, job }: DemoOptions): void {
  const next = [
    [`sample ${out} --prompt "My fellow "`, 'let it write more'],
    [`verify ${out}/receipt.json`, 'do the whole job again: every bit must agree'],
    [`train ${job} --out out/alone`, 'the same bits without a network'],
    ['up', 'a network that stays, for jobs of your own'],
  ] as const
  const width = Math.max(...next.map(([command]) => command.length))
  print(`\n${colours.bold('Try next')}`)
  for (const [command, what] of next) print(`  npx cairn ${command.padEnd(width)}   ${what}`)
}

/** The last lines of `--json`. */
function printSummary(
  { out }: DemoOptions,
  { receipt, knownWords, cheat }: NonNullable<Told['results']>,
  seconds: number,
) {
  const { finalStateRoot, payments, disputes } = receipt
  const files = { weights: join(out, WEIGHTS), receipt: join(out, RECEIPT) }
  console.log(JSON.stringify({ knownWords }))
  console.log(
    JSON.stringify({
      finalStateRoot,
      validationLoss: finalLoss(receipt),
      seconds,
      ...files,
      payments,
      disputes,
      ...(cheat && { cheat }),
    }),
  )
}

async function demo(screen: Screen, o: DemoOptions, asked: AbortSignal, onJob: DemoRun['onJob']): Promise<number> {
  const began = performance.now()
  welcome(screen, o)
  await freshDirectory(o.out)
  const { code, results } = await onNetwork(screen, o, asked, onJob)
  if (code === EXIT.ok) {
    await rm(networkDirectoryIn(o.out), { recursive: true })
    showNext(screen, o)
  } else screen.note(`The logs of the network are kept in ${networkDirectoryIn(o.out)}/nodes.`)
  const seconds = (performance.now() - began) / 1000
  screen.print(screen.colours.dim(`\nAll of it took ${formatDuration(seconds * 1000)}; nothing is left running.`))
  if (o.json && results !== undefined) printSummary(o, results, seconds)
  return code
}

function showStopped({ note }: Screen, { out, workers, verifiers }: DemoOptions, job: string | undefined): number {
  note('Stopped; nothing is left running. Run the demo again to start afresh.')
  if (job === undefined) return EXIT.interrupted
  note('Or let its network go on with the job where it was:')
  note(`  npx cairn up --dir ${networkDirectoryIn(out)} --workers ${workers} --verifiers ${verifiers}`)
  note(`  npx cairn watch ${job.slice(0, 8)} --network ${networkDirectoryIn(out)}/network.json   (in another terminal)`)
  return EXIT.interrupted
}

/** With --json, standard output is for the lines that programs read. */
const screenFor = (json: boolean): Screen =>
  createScreen({ stdout: json ? process.stderr : process.stdout, stderr: process.stderr, env: process.env })

async function main(): Promise<number> {
  const args = process.argv.slice(2)
  if (args.includes('--help')) {
    console.log(helpText())
    return EXIT.ok
  }
  const options = readOptions(args)
  const screen = screenFor(options.json)
  const asked = stopRequest(screen)
  let job: string | undefined
  try {
    return await demo(screen, options, asked, id => {
      job = id
    })
  } catch (error) {
    return asked.aborted ? showStopped(screen, options, job) : showError(screen, error)
  }
}

process.exit(await main().catch(error => showError(screenFor(false), error)))
