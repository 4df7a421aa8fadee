/** `cairn node`: lends this machine to a network as a worker or verifier, or coordinates its jobs. */
import { availableParallelism } from 'node:os'
import { runUntilStopped } from '@cairn/node/files'
import { type Command, Option } from 'commander'
import type { NodeOptions } from '../network/node-process.ts'
import { isSupervised, tellParent } from '../network/parent.ts'
import { memoryOfMachine } from '../run/memory.ts'
import { jsonLine } from '../screen/json.ts'
import { byteSize, type CommandContext, examples, integer } from './context.ts'
import { type JsonOption, keyOptions, networkOptions, onAction } from './network-options.ts'

/** The rest is for the system and whoever else works on the machine. */
const SHARE_OF_MEMORY = 0.75

async function nodeCommand({ screen, parts }: CommandContext, options: NodeOptions & JsonOption): Promise<void> {
  const { startNodeService } = await import('../network/node-process.ts')
  const node = await startNodeService(options, text => screen.note(text.trimEnd()), parts)
  const ready = { event: 'ready', role: options.role, pid: process.pid, directory: options.dir, ...node.facts }
  tellParent(ready)
  if (options.json) screen.print(jsonLine(ready))
  else if (!isSupervised())
    screen.note(`This ${options.role} is up. Ctrl-C stops it; the same command goes on with what it left.`)
  await runUntilStopped(node)
}

/** Adds the command. */
export function addNode(program: Command, context: CommandContext): void {
  const command = program
    .command('node')
    .summary('lend this machine to a network')
    .description(
      'Run a node: a worker trains for others and is paid, a verifier does random parts of that again and is paid, a\n' +
        'coordinator hands out the work of jobs. It registers itself, and stakes what is missing. It listens on this machine\n' +
        'only, unless --listen says otherwise.',
    )
    .addOption(
      new Option('--role <role>', 'what it does').choices(['worker', 'verifier', 'coordinator']).makeOptionMandatory(),
    )
    .requiredOption('--dir <dir>', 'where it keeps its state, blobs and log; one node at a time')
    .option('--price <tokens>', 'least pay for 10^12 operations', '0.01')
    .option('--stake <tokens>', 'stake to have at least; left out, what the network demands')
    .option('--owner <account>', 'owner of the node, who has to approve it; left out, its own account')
    .option('--chain <url>', 'another RPC address of the chain')
    .option('--bootstrap <address...>', 'other peers to begin with, as multiaddresses with /p2p/')
    .option('--listen <address...>', 'where to listen, such as /ip4/0.0.0.0/tcp/4001; left out, any port of 127.0.0.1')
    .addOption(
      new Option('--threads <n>', 'threads to compute with')
        .default(availableParallelism(), 'one per core')
        .argParser(integer(1, 256)),
    )
    .addOption(
      new Option(
        '--memory <size>',
        'largest job to take, by what a step of it needs, such as 8GiB; not enforced as a limit',
      )
        .default(Math.floor(memoryOfMachine() * SHARE_OF_MEMORY), 'three quarters of the machine’s')
        .argParser(byteSize),
    )
  networkOptions(keyOptions(command, 'node'))
  onAction(command, context, (options: NodeOptions & JsonOption) => nodeCommand(context, options))
  examples(command, [
    'key create --key node',
    'node --role worker --dir ~/cairn-node --network network.json',
    'node --role worker --dir ~/cairn-node --price 0.02 --threads 8 --listen /ip4/0.0.0.0/tcp/4001',
  ])
}
