/** `cairn key create|import|export|show`: the keys that hold money and sign what a node says. */
import type { Command } from 'commander'
import type { KeyOptions } from '../network/key-place.ts'
import type { ExportOptions, ImportOptions, StoredKey } from '../network/keys.ts'
import { jsonLine } from '../screen/json.ts'
import { printRows } from '../screen/table.ts'
import { shownPath } from '../screen/train-screen.ts'
import { type CommandContext, examples } from './context.ts'
import { type JsonOption, keyOption, keyOptions, networkOptions, onAction } from './network-options.ts'

const load = () => import('../network/keys.ts')

function show({ screen }: CommandContext, { json }: JsonOption, event: string, stored: StoredKey): void {
  const { path, address, peerKey } = stored
  if (json) screen.print(jsonLine({ event, ...stored }))
  else printRows(screen, Object.entries({ file: shownPath(path), account: address, 'peer key': peerKey }))
}

const KEEP = 'Keep the file and its passphrase: without both, what the key holds is lost.'

function addCreate(group: Command, context: CommandContext): void {
  const command = group
    .command('create')
    .summary('make a key')
    .description(`Make a key and write it, encrypted, to a file. ${KEEP}`)
  networkOptions(keyOptions(command))
  onAction(command, context, async (options: KeyOptions & JsonOption) =>
    show(context, options, 'created', await (await load()).createKeyFile(options)),
  )
  examples(command, ['key create', 'key create --key ~/keys/worker.json --passphrase-file ~/keys/worker.passphrase'])
}

function addImport(group: Command, context: CommandContext): void {
  const command = group
    .command('import')
    .summary('take over a key from elsewhere')
    .description(
      'Take over an EVM private key (0x and 64 hex digits) or an exported key file. The key is read from a file or from\n' +
        'standard input, never from an argument, which others on this machine could read.',
    )
    .argument('<source>', 'file that holds the key, or - for standard input')
    .option('--old-passphrase-file <file>', 'passphrase of the key file that is imported')
  networkOptions(keyOptions(command))
  onAction(command, context, async (options: ImportOptions & JsonOption, source) =>
    show(context, options, 'imported', await (await load()).importKeyFile(source, options)),
  )
  examples(command, ['key import wallet-key.txt --key mine', 'key import - --key mine < wallet-key.txt'])
}

function addExport(group: Command, context: CommandContext): void {
  const command = group
    .command('export')
    .summary('write a key for use elsewhere')
    .description('Write a copy of a key file under another passphrase, or with --raw the bare EVM private key.')
    .requiredOption('--to <file>', 'file to write; only you can read it')
    .option('--new-passphrase-file <file>', 'file whose first line is the passphrase of the copy')
    .option('--raw', 'write the bare private key, for wallets that take nothing else', false)
  networkOptions(keyOptions(command))
  onAction(command, context, async (options: ExportOptions & JsonOption) => {
    const stored = await (await load()).exportKeyFile(options)
    if (options.raw) context.screen.note('Who reads this file owns the money of the account. Delete it after use.')
    show(context, options, 'exported', stored)
  })
  examples(command, ['key export --key worker-1 --to worker-1.json', 'key export --key mine --raw --to mine.txt'])
}

function addShow(group: Command, context: CommandContext): void {
  const command = group
    .command('show')
    .summary('show whose key a file holds')
    .description('Show the account and the peer key of a key file. It needs no passphrase.')
  networkOptions(keyOption(command))
  onAction(command, context, async (options: KeyOptions & JsonOption) =>
    show(context, options, 'key', await (await load()).showKey(options)),
  )
  examples(command, ['key show', 'key show --key worker-1 --json'])
}

/** Adds the command and its subcommands. */
export function addKey(program: Command, context: CommandContext): void {
  const group = program
    .command('key')
    .summary('make, take over, write out and show keys')
    .description('Keys hold the money of an account and sign what a node says.')
  for (const add of [addCreate, addImport, addExport, addShow]) add(group, context)
}
