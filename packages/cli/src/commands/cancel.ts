/** `cairn cancel JOB`: ends a job and gets back what it did not spend. */
import type { Command } from 'commander'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import type { CancelEvent, CancelOptions } from '../network/cancel.ts'
import { jobPrefix } from '../network/job-id.ts'
import { shortName } from '../screen/job-words.ts'
import { jsonLine } from '../screen/json.ts'
import type { Screen } from '../screen/screen.ts'
import { type CommandContext, examples } from './context.ts'
import { type JsonOption, keyOptions, networkOptions, onAction } from './network-options.ts'

interface CancelCommandOptions extends CancelOptions, JsonOption {}

function show(screen: Screen, event: CancelEvent, token: TokenUnit): void {
  if (event.event === 'cancelled') {
    const time = event.settlesBy.toLocaleTimeString()
    screen.print(`Job ${shortName(event.job)} is cancelled. What it owes is settled until ${time} at the latest.`)
    screen.status('Waiting for the settlement; Ctrl-C leaves it to the coordinator ...')
    return
  }
  if (event.event === 'refused') {
    screen.status(`The chain says "${event.reason}"; asking again ...`)
    return
  }
  screen.status('')
  const { refund, paid } = event
  screen.print(`Refunded ${formatAmount(refund, token)}; ${formatAmount(paid, token)} were earned by its workers.`)
}

async function cancelCommand({ screen }: CommandContext, text: string, options: CancelCommandOptions): Promise<void> {
  const { cancel } = await import('../network/cancel.ts')
  await cancel(jobPrefix(text), options, (event, token) => {
    if (options.json) screen.print(jsonLine({ ...event, token }))
    else show(screen, event, token)
  })
  screen.status('')
}

/** Adds the command. */
export function addCancel(program: Command, context: CommandContext): void {
  const command = program
    .command('cancel')
    .summary('end a job and get the rest of its budget back')
    .description(
      'End a job. Rounds that are anchored are paid, and what was done of the next one; the rest of the budget comes back\n' +
        'when that is settled. Only who submitted a job can cancel it.',
    )
    .argument('<job>', 'id of a job, or the beginning of one')
    .option('--no-wait', 'do not wait for the refund')
  networkOptions(keyOptions(command))
  onAction(command, context, (options: CancelCommandOptions, job) => cancelCommand(context, job, options))
  examples(command, ['cancel 3fa2c41b', 'cancel 3fa2c41b --no-wait'])
}
