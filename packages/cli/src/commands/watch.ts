/** `cairn watch JOB`: follows a job live until it is over. */
import { stopOnSignals } from '@cairn/node/files'
import type { Command } from 'commander'
import { jobPrefix } from '../network/job-id.ts'
import { commandName } from '../screen/command-name.ts'
import { EXIT } from '../screen/errors.ts'
import { shortName } from '../screen/job-words.ts'
import { jsonLine } from '../screen/json.ts'
import { watchEvents, watchScreen } from '../screen/watch-screen.ts'
import { type CommandContext, decimal, examples } from './context.ts'
import { type NetworkOptions, networkOptions, onAction } from './network-options.ts'

interface WatchCommandOptions extends NetworkOptions {
  readonly every: number
}

/** How a job ended, as an exit code: neither a cancelled nor a failed one has the result that was asked for. */
const CODES = {
  running: EXIT.ok,
  finished: EXIT.ok,
  diverged: EXIT.diverged,
  cancelled: EXIT.disagreed,
  failed: EXIT.disagreed,
}

async function watchCommand({ screen }: CommandContext, text: string, o: WatchCommandOptions): Promise<number> {
  const prefix = jobPrefix(text)
  const [{ withClient }, { watchJob }] = await Promise.all([
    import('../network/open-client.ts'),
    import('../network/watch.ts'),
  ])
  const stop = stopOnSignals(() => screen.status(''))
  const onEvent = (o.json ? watchEvents : watchScreen)(screen)
  const last = await withClient(o, ({ client }) =>
    watchJob(client, prefix, { everyMs: o.every * 1000, stop, onEvent }),
  ).finally(stop.dispose)
  screen.status('')
  if (last === undefined) return EXIT.interrupted
  const { job, status, reason } = last
  if (o.json) screen.print(jsonLine({ event: status, job, reason }))
  else if (status === 'running')
    screen.note(`The job goes on without you. Watch it again: ${commandName()} watch ${shortName(job)}`)
  else screen.print(screen.colours.bold(`Job ${shortName(job)} ${reason}`))
  return status === 'running' ? EXIT.interrupted : CODES[status]
}

/** Adds the command. */
export function addWatch(program: Command, context: CommandContext): void {
  const command = program
    .command('watch')
    .summary('follow a job live')
    .description(
      'Follow a job until it is over: rounds, losses, who works on what. Ctrl-C ends the watching, never the job.\n' +
        'Exit code: 0 finished, 1 cancelled or failed, 3 diverged.',
    )
    .argument('<job>', 'id of a job, or the beginning of one')
    .option('--every <seconds>', 'how often to ask', decimal(0.05, 3600), 0.5)
  networkOptions(command)
  onAction(command, context, (options: WatchCommandOptions, job) => watchCommand(context, job, options))
  examples(command, ['watch 3fa2c41b', 'watch 3fa2c41b --json'])
}
