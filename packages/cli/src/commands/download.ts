/** `cairn download JOB --out DIR`: fetches what a network trained. */
import { join } from 'node:path'
import type { Command } from 'commander'
import { RECEIPT, WEIGHTS } from '../files/run-directory.ts'
import type { DownloadEvent, Downloaded } from '../network/download.ts'
import { jobPrefix } from '../network/job-id.ts'
import { EXIT } from '../screen/errors.ts'
import { jsonLine } from '../screen/json.ts'
import { showPayments } from '../screen/payments.ts'
import type { Screen } from '../screen/screen.ts'
import { showNextSteps, showResults } from '../screen/train-results.ts'
import { shownPath } from '../screen/train-screen.ts'
import { type CommandContext, examples } from './context.ts'
import { type NetworkOptions, networkOptions, onAction } from './network-options.ts'

interface DownloadOptions extends NetworkOptions {
  readonly out: string
}

function showProgress({ status }: Screen, event: DownloadEvent): void {
  if (event.kind === 'settling') status(`Waiting until payments are settled: ${event.reason}`)
  else if (event.kind === 'documents') status(`Checked the documents of ${event.rounds} rounds against the chain ...`)
  else status(`Fetching ${event.what} ...`)
}

/** The end of a download for programs. */
function jsonResult({ status, receipt }: Downloaded, out: string): object {
  const { job, status: outcome } = status
  const files = { weights: join(out, WEIGHTS), ...(receipt && { receipt: join(out, RECEIPT) }) }
  const { finalStateRoot, payments, disputes } = receipt ?? {}
  return { event: 'downloaded', job, status: outcome, finalStateRoot, payments, disputes, ...files }
}

async function downloadCommand({ screen }: CommandContext, text: string, o: DownloadOptions): Promise<number> {
  const began = performance.now()
  const prefix = jobPrefix(text)
  const [{ withClient }, { download }] = await Promise.all([
    import('../network/open-client.ts'),
    import('../network/download.ts'),
  ])
  const onEvent = (event: DownloadEvent) =>
    o.json ? screen.print(jsonLine({ event: event.kind, ...event, kind: undefined })) : showProgress(screen, event)
  return withClient(o, async ({ client, token }) => {
    const downloaded = await download(client, prefix, o.out, onEvent)
    const { receipt, status } = downloaded
    screen.status('')
    if (o.json) screen.print(jsonLine(jsonResult(downloaded, o.out)))
    else if (receipt === undefined) {
      screen.print(`The job was ${status.status} after ${status.agreed} of ${status.rounds} rounds: it has no receipt.`)
      screen.print(`Its weights as they were then: ${shownPath(join(o.out, WEIGHTS))}`)
    } else {
      showResults(screen, o.out, receipt, performance.now() - began)
      showPayments(screen, receipt, token)
      showNextSteps(screen, o.out, receipt)
    }
    return receipt === undefined ? EXIT.disagreed : EXIT.ok
  })
}

/** Adds the command. */
export function addDownload(program: Command, context: CommandContext): void {
  const command = program
    .command('download')
    .summary('fetch weights, receipt and loss plot of a job')
    .description(
      'Fetch what a network trained: weights, a receipt with every signature and payment, and a loss plot. All of it is\n' +
        'checked against the chain. An interrupted download goes on.',
    )
    .argument('<job>', 'id of a job, or the beginning of one')
    .requiredOption('--out <dir>', 'directory for everything')
  networkOptions(command)
  onAction(command, context, (options: DownloadOptions, job) => downloadCommand(context, job, options))
  examples(command, ['download 3fa2c41b --out out/first', 'download 3fa2c41b --out out/first --json'])
}
