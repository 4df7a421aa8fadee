/** What happens in the demo once its network is up, step by step. */
import { EXIT, type LocalNetwork, openContracts, showResults } from '@cairn/cli'
import { readToken } from '@cairn/contracts'
import type { Receipt } from '@cairn/protocol'
import { CHEATER } from './cheat.ts'
import { checkUnits } from './check-units.ts'
import { type DemoRun, finishDemoJob, submitDemoJob } from './demo-job.ts'
import { tellDisputes } from './dispute-story.ts'
import { honestRoot } from './honest-run.ts'
import { readHoldings, settleUp } from './settle-up.ts'
import { showSheet } from './sheet-screen.ts'
import { showWriting } from './writing.ts'

export interface Told {
  readonly code: number
  /** Absent when the job came to no end. */
  readonly results?: { readonly receipt: Receipt; readonly knownWords: number }
}

/** Compares with the same job done without a cheat. Tells whether every bit is the same. */
async function compareWithHonest(run: DemoRun, { finalStateRoot }: Receipt): Promise<boolean> {
  const { screen } = run
  screen.status('The same job again, in one process and without a cheat ...')
  const expected = await honestRoot(run)
  screen.status('')
  const isSame = expected === finalStateRoot
  const verdict = isSame ? screen.colours.green('the same bits') : screen.colours.red(screen.colours.bold('OTHER BITS'))
  screen.print(
    `\n${screen.colours.bold(`Did ${CHEATER} change anything?`)} The final state without a cheat, trained alone: ${verdict}.`,
  )
  screen.print(`  with the cheat   ${finalStateRoot}`)
  screen.print(`  without          ${expected}`)
  return isSame
}

/** Has the job done, shows what came of it, and checks work and money. */
export async function tellStory(run: DemoRun, network: LocalNetwork): Promise<Told> {
  const { screen, options, nameOf } = run
  const before = await readHoldings(network)
  const job = await submitDemoJob(run)
  run.onJob(job)
  const began = performance.now()
  const isOver = new AbortController()
  const disputes = options.cheat === undefined ? undefined : tellDisputes(run, network.network, job, isOver.signal)
  const outcome = await finishDemoJob(run, job).finally(() => isOver.abort())
  const isMissed = (await disputes) === 0
  if (isMissed) {
    screen.print(
      `Nobody has disputed anything: ${CHEATER} had no unit to cheat in, or the verifiers were too slow for the`,
    )
    screen.print(
      `window of ${options.challengeSeconds} s. On a busy machine a longer one helps: --challenge-seconds N.`,
    )
  }
  run.onJob(undefined)
  if (outcome.kind === 'failed') {
    screen.print(`The job came to nothing: ${outcome.reason}`)
    return { code: outcome.code }
  }
  const { receipt } = outcome
  showResults(screen, options.out, receipt, performance.now() - began)
  const isSame = options.cheat === undefined || (await compareWithHonest(run, receipt))
  const knownWords = await showWriting(run)
  const checked = await checkUnits(run)
  screen.status('Nodes withdraw what they earned ...')
  const settled = await settleUp(network, receipt, before)
  screen.status('')
  showSheet(screen, settled, nameOf, await readToken(await openContracts(network.network)))
  const isRight = isSame && !isMissed && settled.differences.length === 0
  return { code: checked === EXIT.ok && !isRight ? EXIT.disagreed : checked, results: { receipt, knownWords } }
}
