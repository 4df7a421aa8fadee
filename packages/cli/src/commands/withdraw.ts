/** `cairn withdraw [JOB]`: takes what a node has earned. */
import type { Command } from 'commander'
import { formatAmount } from '../network/amounts.ts'
import { jobPrefix } from '../network/job-id.ts'
import type { KeyOptions } from '../network/key-place.ts'
import type { Withdrawn } from '../network/withdraw.ts'
import { EXIT } from '../screen/errors.ts'
import { shortName } from '../screen/job-words.ts'
import { jsonLine } from '../screen/json.ts'
import type { Screen } from '../screen/screen.ts'
import { type CommandContext, examples } from './context.ts'
import { type JsonOption, keyOptions, networkOptions, onAction } from './network-options.ts'

function show({ print, note }: Screen, { account, token, withdrawals }: Withdrawn): void {
  if (withdrawals.length === 0) print(`${account} has nothing to withdraw; earnings count when they are settled.`)
  for (const { job, result } of withdrawals) {
    if (result.ok) print(`${account} took ${formatAmount(result.amount, token)} earned with job ${shortName(job)}.`)
    else note(`Nothing was taken for job ${shortName(job)}: ${result.reason}`)
  }
}

async function withdrawCommand({ screen }: CommandContext, job: string | undefined, options: KeyOptions & JsonOption) {
  const prefix = job === undefined ? undefined : jobPrefix(job)
  const { withdraw } = await import('../network/withdraw.ts')
  const withdrawn = await withdraw(prefix, options)
  if (options.json) screen.print(jsonLine(withdrawn))
  else show(screen, withdrawn)
  return withdrawn.withdrawals.every(({ result }) => result.ok) ? EXIT.ok : EXIT.disagreed
}

/** Adds the command. */
export function addWithdraw(program: Command, context: CommandContext): void {
  const command = program
    .command('withdraw')
    .summary('take what a node has earned')
    .description(
      'Take what the account of a key has earned with one job or all. Doing it again takes nothing twice. Exit code 1 if\n' +
        'the pay for a job could not be taken; it says why, and the others are paid.',
    )
    .argument('[job]', 'id of a job, or the beginning of one; left out, all jobs')
  networkOptions(keyOptions(command))
  onAction(command, context, (options: KeyOptions & JsonOption, job?: string) => withdrawCommand(context, job, options))
  examples(command, ['withdraw --key worker-1', 'withdraw 3fa2c41b --key worker-1 --json'])
}
