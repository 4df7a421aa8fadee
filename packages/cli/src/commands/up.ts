/** `cairn up`: a whole network on this machine, in one command. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { NETWORK_DIRECTORY } from '../network/network-file.ts'
import { shareMachine } from '../network/up/share-machine.ts'
import { jsonLine } from '../screen/json.ts'
import { processListener, showReady } from '../screen/up-screen.ts'
import { type CommandContext, examples, integer } from './context.ts'
import { type JsonOption, jsonOption, onAction } from './network-options.ts'

interface UpOptions extends JsonOption {
  readonly dir: string
  readonly workers: number
  readonly verifiers: number
  readonly challengeSeconds: number
  readonly threadsPerWorker?: number
  readonly oneOwner: boolean
  readonly port?: number
  readonly restart: boolean
}

/** Every child has a while to stop, one group after another. */
const STOP_DEADLINE_MS = 60_000

async function upCommand({ screen }: CommandContext, o: UpOptions): Promise<void> {
  const [{ startLocalNetwork }, { runService }] = await Promise.all([
    import('../network/up/local-network.ts'),
    import('../network/run-service.ts'),
  ])
  const { workers, verifiers, challengeSeconds, oneOwner, restart, port } = o
  const network = await startLocalNetwork({
    directory: resolve(o.dir),
    ...shareMachine({ workers, verifiers }, o.threadsPerWorker),
    challengeSeconds,
    oneOwner,
    restart,
    ...(port === undefined ? {} : { port }),
    onEvent: processListener(screen, o.json),
  })
  showReady(screen, network, o.json)
  await runService(network, { deadlineMs: STOP_DEADLINE_MS })
  screen.status('')
  if (o.json) screen.print(jsonLine({ event: 'stopped' }))
  else screen.print('Stopped; nothing is left running. The same command goes on with this network.')
}

/** Adds the command. */
export function addUp(program: Command, context: CommandContext): void {
  const command = program
    .command('up')
    .summary('run a whole network on this machine')
    .description(
      'Run a local network: a chain with contracts, a coordinator, workers and verifiers, each a process of its own. It\n' +
        `writes ${NETWORK_DIRECTORY}/network.json, which the other commands find. Started again, it goes on where it was.`,
    )
    .option('--workers <n>', 'how many workers', integer(0, 64), 3)
    .option('--verifiers <n>', 'how many verifiers, which do parts of the work again', integer(0, 64), 2)
    .option('--dir <dir>', 'where everything is kept', NETWORK_DIRECTORY)
    .option('--port <n>', 'port of the chain; the coordinator takes the next one', integer(1, 65_534))
    .option('--threads-per-worker <n>', 'threads of each worker; left out, the cores are shared', integer(1, 256))
    .option(
      '--challenge-seconds <n>',
      'how long a round can be challenged before it is final; fixed when the network is made',
      integer(1, 86_400),
      20,
    )
    .option('--one-owner', 'let one account own all workers; they then keep nothing for each other', false)
    .option('--no-restart', 'leave a process that died dead')
  jsonOption(command)
  onAction(command, context, (options: UpOptions) => upCommand(context, options))
  examples(command, ['up', 'up --workers 2 --dir my-network --port 8545'])
}
