/** `cairn chain`: the local chain of a network, by itself. `cairn up` runs it as one of its processes. */
import { join } from 'node:path'
import type { Command } from 'commander'
import type { ChainOptions } from '../network/chain-process.ts'
import { NETWORK_DIRECTORY } from '../network/network-file.ts'
import { tellParent } from '../network/parent.ts'
import { jsonLine } from '../screen/json.ts'
import { shownPath } from '../screen/train-screen.ts'
import { type CommandContext, examples, integer } from './context.ts'
import { type JsonOption, jsonOption, onAction } from './network-options.ts'

/** The directory of a chain in that of its network. */
const CHAIN = 'chain'

async function chainCommand({ screen }: CommandContext, options: ChainOptions & JsonOption): Promise<void> {
  const [{ startChainService }, { runService }] = await Promise.all([
    import('../network/chain-process.ts'),
    import('../network/run-service.ts'),
  ])
  const service = await startChainService(options)
  const { rpcUrl, chainId } = service.chain
  const ready = { event: 'ready', rpcUrl, chainId, pid: process.pid, directory: options.dir }
  tellParent(ready)
  if (options.json) screen.print(jsonLine(ready))
  else screen.print(`Chain ${chainId} at ${rpcUrl}, kept in ${shownPath(options.dir)}. Ctrl-C stops it.`)
  await runService(service)
}

/** Adds the command. */
export function addChain(program: Command, context: CommandContext): void {
  const command = program
    .command('chain')
    .summary('run a local development chain by itself')
    .description('Run a local development chain. It goes on where it was. Its keys are public: it is for play money.')
    .option('--dir <dir>', 'where the chain is kept', join(NETWORK_DIRECTORY, CHAIN))
    .option('--port <n>', 'port of this machine; left out, any that is free', integer(1, 65_535))
  jsonOption(command)
  onAction(command, context, (options: ChainOptions & JsonOption) => chainCommand(context, options))
  examples(command, ['chain', 'chain --dir my-chain --port 8545'])
}
