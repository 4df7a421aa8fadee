/** `cairn init [DIR]`: writes a commented job file that validates and trains as it is. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory, writeText } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { type Command, Option } from 'commander'
import { commandName } from '../screen/command-name.ts'
import { shownPath } from '../screen/train-screen.ts'
import { type CommandContext, examples } from './context.ts'

const TEMPLATES = ['gpt-text', 'llama-text', 'mlp-digits'] as const

interface InitOptions {
  readonly template: (typeof TEMPLATES)[number]
}

async function initCommand({ screen }: CommandContext, directory: string, { template }: InitOptions): Promise<void> {
  const path = join(directory, 'job.yaml')
  if (existsSync(path))
    throw new InputError('FileExists', 'There is a job file already; it is left as it is.', {
      path,
      expected: 'a directory without job.yaml',
      found: 'a job.yaml',
      fix: 'Name another directory, or move the file away.',
    })
  const text = await readFile(new URL(`../../templates/${template}.yaml`, import.meta.url), 'utf8')
  await makeDirectory(directory)
  await writeText(path, text)
  const shown = shownPath(path)
  screen.print(`Wrote ${shown}. It works as it is; its comments say what to change.`)
  screen.print('Next:')
  screen.print(`  ${commandName()} quote ${shown}`)
  screen.print(`  ${commandName()} train ${shown} --out ${join('out', template)}`)
}

/** Adds the command. */
export function addInit(program: Command, context: CommandContext): void {
  const command = program
    .command('init')
    .summary('write a commented job file to start from')
    .description('Write a commented job.yaml. Never overwrites one.')
    .argument('[dir]', 'directory to write it to', '.')
    .addOption(new Option('--template <name>', 'what to train').choices(TEMPLATES).default('gpt-text'))
  command.action((directory: string, options: InitOptions) => initCommand(context, directory, options))
  examples(command, ['init my-job', 'init my-digits --template mlp-digits'])
}
