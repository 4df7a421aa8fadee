/** `cairn submit JOB`: gives a job to a network. */
import { MOST_CUSTODIANS } from '@cairn/protocol'
import type { Command } from 'commander'
import type { SubmitOptions } from '../network/submit.ts'
import { commandName } from '../screen/command-name.ts'
import { shortName } from '../screen/job-words.ts'
import { jsonLine } from '../screen/json.ts'
import { submitEvents, submitScreen } from '../screen/submit-screen.ts'
import { type CommandContext, examples, integer } from './context.ts'
import { type JsonOption, keyOptions, networkOptions, onAction } from './network-options.ts'

interface SubmitCommandOptions extends SubmitOptions, JsonOption {}

async function submitCommand({ screen }: CommandContext, path: string, options: SubmitCommandOptions): Promise<void> {
  const { submit } = await import('../network/submit.ts')
  const job = await submit(path, options, (options.json ? submitEvents : submitScreen)(screen))
  screen.status('')
  if (options.json) return void screen.print(jsonLine({ event: 'submitted', job }))
  const cairn = commandName()
  screen.print('You may go offline now. Next:')
  screen.print(`  ${cairn} watch ${shortName(job)}`)
  screen.print(`  ${cairn} download ${shortName(job)} --out out/${shortName(job)}`)
}

/** Adds the command. */
export function addSubmit(program: Command, context: CommandContext): void {
  const command = program
    .command('submit')
    .summary('have a network train a job')
    .description(
      'Quote a job, lock its budget on the chain and hand its data over to workers. When enough of them hold it, you may\n' +
        'go offline. What is not earned comes back. Workers see the training data.',
    )
    .argument('<job>', 'job file (YAML or JSON); `cairn init` writes one')
    .option('--max-price <tokens>', 'most to pay for 10^12 operations; left out, what half of the workers ask at most')
    .option('--budget <tokens>', 'most that the job may cost; left out, that of the job file, else the quote')
    .option(
      '--custodians <n>',
      'nodes of other owners that hold what a unit leaves; left out, as many as the network can bear, up to 2;\n' +
        `at most ${MOST_CUSTODIANS}`,
      integer(0, MOST_CUSTODIANS),
    )
    .option('--no-wait', 'refuse instead of waiting when no worker could begin now')
  networkOptions(keyOptions(command))
  onAction(command, context, (options: SubmitCommandOptions, path) => submitCommand(context, path, options))
  examples(command, [
    'submit job.yaml',
    'submit job.yaml --budget 25 --max-price 0.02',
    'submit job.yaml --no-wait --json',
  ])
}
