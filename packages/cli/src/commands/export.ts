/** `cairn export OUT --to FILE`: weights, shape and tokeniser in the files that other libraries read. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDirectory, writeText, writeWhole } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { weightsFile } from '@cairn/training'
import type { Command } from 'commander'
import { loadFromDirectory } from '../run/load-model.ts'
import { modelConfig } from '../run/model-config.ts'
import { formatBytes } from '../screen/format.ts'
import { shownPath } from '../screen/train-screen.ts'
import { type CommandContext, examples } from './context.ts'

interface ExportOptions {
  readonly to: string
  readonly force: boolean
}

function assertNew(paths: readonly string[], force: boolean): void {
  const there = paths.find(existsSync)
  if (there === undefined || force) return
  throw new InputError('FileExists', 'A file of this name exists already.', {
    path: there,
    expected: 'a name that is not used yet',
    found: 'a file',
    fix: 'Choose another --to, in a directory of its own, or add --force to replace it.',
  })
}

async function exportCommand({ screen }: CommandContext, out: string, { to, force }: ExportOptions): Promise<void> {
  const { spec, model, global, tokeniser } = await loadFromDirectory(out)
  const directory = dirname(to)
  const config = `${JSON.stringify(modelConfig(spec.model, tokeniser?.vocabularySize ?? 0), null, 2)}\n`
  const others: [string, string][] = [[join(directory, 'config.json'), config]]
  if (tokeniser?.kind === 'hugging-face') {
    others.push([join(directory, 'tokenizer.json'), `${JSON.stringify(tokeniser.toJson(), null, 2)}\n`])
  }
  assertNew([to, ...others.map(([path]) => path)], force)
  const bytes = weightsFile(model, global)
  await makeDirectory(directory)
  await writeWhole(to, bytes)
  for (const [path, text] of others) await writeText(path, text)
  screen.print(`${shownPath(to)} (${formatBytes(bytes.length)})`)
  for (const [path] of others) screen.print(shownPath(path))
}

/** Adds the command. */
export function addExport(program: Command, context: CommandContext): void {
  const command = program
    .command('export')
    .summary('write weights and config.json for other libraries')
    .description(
      'Write the weights of a run as safetensors, with a config.json as GPT-2 and Llama checkpoints have it (and the\n' +
        'tokenizer.json where the job has one) in the same directory.',
    )
    .argument('<out>', 'output directory of a run, finished or under way')
    .requiredOption('--to <file>', 'safetensors file to write')
    .option('--force', 'replace files that exist', false)
  command.action((out: string, options: ExportOptions) => exportCommand(context, out, options))
  examples(command, ['export out/first --to exported/model.safetensors'])
}
