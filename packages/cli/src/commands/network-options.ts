/** What commands that speak to a network have in common: their options, and that programs are told of errors, too. */
import { type Command, Option } from 'commander'
import { DEFAULT_KEY } from '../network/key-place.ts'
import { tellParent } from '../network/parent.ts'
import { EXIT, errorEvent } from '../screen/errors.ts'
import type { CommandContext } from './context.ts'

export interface JsonOption {
  readonly json: boolean
}

export interface NetworkOptions extends JsonOption {
  readonly network?: string
}

export const jsonOption = (command: Command): Command =>
  command.option('--json', 'print one JSON object a line instead', false)

/** Adds `--network` and `--json`. */
export const networkOptions = (command: Command): Command =>
  jsonOption(command.option('--network <file>', 'network file, instead of CAIRN_NETWORK or the nearest .cairn/'))

/** Adds `--key`. */
export const keyOption = (command: Command, key = DEFAULT_KEY): Command =>
  command.addOption(new Option('--key <key>', "name of one of the network's keys, or a key file").default(key))

/** Adds `--key` and `--passphrase-file`. */
export const keyOptions = (command: Command, key = DEFAULT_KEY): Command =>
  keyOption(command, key).option('--passphrase-file <file>', 'file whose first line is the passphrase of the key')

type Run<Options> = (options: Options, ...args: string[]) => Promise<number> | Promise<void>

/** Sets what a command does. An error is printed as an event with `--json`, and told to a parent process. */
export function onAction<Options extends JsonOption>(command: Command, context: CommandContext, run: Run<Options>) {
  command.action(async (...all: unknown[]) => {
    const [args, options] = [all.slice(0, -2) as string[], all.at(-2) as Options]
    try {
      context.exitCode = (await run(options, ...args)) ?? EXIT.ok
    } catch (error) {
      if (options.json) context.screen.print(JSON.stringify(errorEvent(error)))
      tellParent(errorEvent(error))
      throw error
    }
  })
}
