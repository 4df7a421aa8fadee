/** `cairn jobs` and `cairn status JOB`: what a network works on, and how far it is. */
import type { Command } from 'commander'
import { jobPrefix } from '../network/job-id.ts'
import { showJobs, showStatus } from '../screen/job-screen.ts'
import { jsonLine } from '../screen/json.ts'
import { type CommandContext, examples } from './context.ts'
import { type NetworkOptions, networkOptions, onAction } from './network-options.ts'

const load = () => import('../network/open-client.ts')

async function jobsCommand({ screen }: CommandContext, options: NetworkOptions): Promise<void> {
  const { withClient } = await load()
  const jobs = await withClient(options, ({ client }) => client.jobs())
  if (options.json) screen.print(jsonLine({ jobs }))
  else if (jobs.length > 0) showJobs(screen, jobs)
  else screen.print('This network has no jobs yet.')
}

async function statusCommand({ screen }: CommandContext, text: string, options: NetworkOptions): Promise<void> {
  const prefix = jobPrefix(text)
  const { withClient } = await load()
  const status = await withClient(options, ({ client }) => client.job(prefix))
  if (options.json) screen.print(jsonLine(status))
  else showStatus(screen, status)
}

/** Adds `jobs`. */
export function addJobs(program: Command, context: CommandContext): void {
  const command = program
    .command('jobs')
    .summary('list the jobs of a network')
    .description('List the jobs that the coordinator of the network knows, and what each is doing.')
  networkOptions(command)
  onAction(command, context, (options: NetworkOptions) => jobsCommand(context, options))
  examples(command, ['jobs', 'jobs --json'])
}

/** Adds `status`. */
export function addStatus(program: Command, context: CommandContext): void {
  const command = program
    .command('status')
    .summary('show how far a job is, and who works on it')
    .description('Show how far a job is, what it waits for and who works on what.')
    .argument('<job>', 'id of a job, or the beginning of one')
  networkOptions(command)
  onAction(command, context, (options: NetworkOptions, job) => statusCommand(context, job, options))
  examples(command, ['status 3fa2c41b', 'status 3fa2c41b --json'])
}
