/** What happens in the demo once its network is up, step by step. */
import { EXIT, type LocalNetwork, openContracts, showResults } from '@cairn/cli'
import { readToken } from '@cairn/contracts'
import type { Receipt } from '@cairn/protocol'
import { checkUnits } from './check-units.ts'
import { type DemoRun, finishDemoJob, submitDemoJob } from './demo-job.ts'
import { readHoldings, settleUp } from './settle-up.ts'
import { showSheet } from './sheet-screen.ts'
import { showWriting } from './writing.ts'

export interface Told {
  readonly code: number
  /** Absent when the job came to no end. */
  readonly results?: { readonly receipt: Receipt; readonly knownWords: number }
}

/** Has the job done, shows what came of it, and checks work and money. */
export async function tellStory(run: DemoRun, network: LocalNetwork): Promise<Told> {
  const { screen, options, nameOf } = run
  const before = await readHoldings(network)
  const job = await submitDemoJob(run)
  run.onJob(job)
  const began = performance.now()
  const outcome = await finishDemoJob(run, job)
  run.onJob(undefined)
  if (outcome.kind === 'failed') {
    screen.print(`The job came to nothing: ${outcome.reason}`)
    return { code: outcome.code }
  }
  const { receipt } = outcome
  showResults(screen, options.out, receipt, performance.now() - began)
  const knownWords = await showWriting(run)
  const checked = await checkUnits(run)
  screen.status('Nodes withdraw what they earned ...')
  const settled = await settleUp(network, receipt, before)
  screen.status('')
  showSheet(screen, settled, nameOf, await readToken(await openContracts(network.network)))
  const isPaid = settled.differences.length === 0
  return { code: checked === EXIT.ok && !isPaid ? EXIT.disagreed : checked, results: { receipt, knownWords } }
}
