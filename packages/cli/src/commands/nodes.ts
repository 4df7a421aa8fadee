/** `cairn nodes` and `cairn why SUBJECT`: who is in a network, and why things are as they are. */
import type { NodeSummary } from '@cairn/node'
import type { Command } from 'commander'
import { formatAmount, type TokenUnit } from '../network/amounts.ts'
import { printColumns } from '../screen/columns.ts'
import { formatBytes, formatDuration, formatShort } from '../screen/format.ts'
import { shortName } from '../screen/job-words.ts'
import { jsonLine } from '../screen/json.ts'
import type { Screen } from '../screen/screen.ts'
import { showWhy } from '../screen/why-screen.ts'
import { type CommandContext, examples } from './context.ts'
import { type NetworkOptions, networkOptions, onAction } from './network-options.ts'

const load = () => import('../network/open-client.ts')

const speed = ({ operationsPerSecond, measured }: NodeSummary): string =>
  `${formatShort(operationsPerSecond)}/s${measured ? '' : ' (assumed)'}`

function showNodes(screen: Screen, nodes: readonly NodeSummary[], token: TokenUnit): void {
  const rows = nodes.map(node => [
    shortName(node.peer),
    node.role,
    node.account,
    node.role === 'worker' ? formatAmount(BigInt(node.price), token) : '',
    node.role === 'worker' ? formatBytes(node.memoryBytes) : '',
    node.role === 'worker' ? speed(node) : '',
    `${formatDuration(node.seenMsAgo)} ago`,
    node.leaving ? 'leaving' : node.doing,
  ])
  printColumns(screen, ['node', 'role', 'account', 'per 10^12', 'memory', 'operations', 'seen', 'what it does'], rows)
}

async function nodesCommand({ screen }: CommandContext, options: NetworkOptions): Promise<void> {
  const { withClient } = await load()
  await withClient(options, async ({ client, token }) => {
    const nodes = await client.nodes()
    if (options.json) screen.print(jsonLine({ nodes, token }))
    else if (nodes.length > 0) showNodes(screen, nodes, token)
    else screen.print('The coordinator has heard of no node yet.')
  })
}

/** Adds `nodes`. */
export function addNodes(program: Command, context: CommandContext): void {
  const command = program
    .command('nodes')
    .summary('list the nodes of a network')
    .description('List the nodes that the coordinator has heard of: price, memory, speed, and what each is doing.')
  networkOptions(command)
  onAction(command, context, (options: NetworkOptions) => nodesCommand(context, options))
  examples(command, ['nodes', 'nodes --json'])
}

async function whyCommand({ screen }: CommandContext, subject: string, options: NetworkOptions): Promise<void> {
  const { withClient } = await load()
  await withClient(options, async ({ client, token }) => {
    const { work, ...answer } = await client.why(subject.replace(/^0x(?=[0-9a-f]{41})/i, ''))
    const pay = await client.pay(work)
    if (options.json) screen.print(jsonLine({ ...answer, pay, token }))
    else showWhy(screen, answer, pay, token)
  })
}

/** Adds `why`. */
export function addWhy(program: Command, context: CommandContext): void {
  const command = program
    .command('why')
    .summary('say why a job waits, a unit was lost, a node is idle, or what they earned')
    .description(
      'Say what a job, a unit or a node is doing and why, what happened to it before, and what was earned: with a job by\n' +
        'everybody, by a node with its jobs. A unit is written JOB/ROUND/REPLICA, or JOB/ROUND/evaluate, counted from 0;\n' +
        'a node is named by its key or its account.',
    )
    .argument('<subject>', 'job, unit or node; the beginning of its name is enough')
  networkOptions(command)
  onAction(command, context, (options: NetworkOptions, subject) => whyCommand(context, subject, options))
  examples(command, ['why 3fa2c41b', 'why 3fa2c41b/12/0', 'why 288857d1 --json'])
}
