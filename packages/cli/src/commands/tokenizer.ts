/** `cairn tokenizer train TEXT`: learns a byte-pair tokeniser and writes it as a Hugging Face `tokenizer.json`. */
import { existsSync } from 'node:fs'
import { writeText } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { decodeText, trainBytePair } from '@cairn/training'
import type { Command } from 'commander'
import { readContent } from '../files/sources.ts'
import { formatCount, formatDuration } from '../screen/format.ts'
import { shownPath } from '../screen/train-screen.ts'
import { type CommandContext, examples, integer } from './context.ts'

interface TokenizerOptions {
  readonly vocabulary: number
  readonly out: string
  readonly force: boolean
}

function assertNew(path: string, force: boolean): void {
  if (force || !existsSync(path)) return
  throw new InputError('FileExists', 'A file of this name exists already.', {
    path,
    expected: 'a name that is not used yet',
    found: 'a file',
    fix: 'Choose another --out, or add --force to replace it. Jobs that use the old one would no longer be the same.',
  })
}

async function tokenizerCommand({ screen }: CommandContext, source: string, o: TokenizerOptions): Promise<void> {
  assertNew(o.out, o.force)
  const began = performance.now()
  const { bytes, path } = await readContent(source, ['.'])
  const text = decodeText(bytes, path)
  let shownAt = 0
  const tokeniser = trainBytePair(text, o.vocabulary, {
    onProgress({ merges, total }) {
      if (performance.now() - shownAt < 100) return
      shownAt = performance.now()
      screen.status(`merge ${formatCount(merges)} of ${formatCount(total)}`)
    },
  })
  await writeText(o.out, `${JSON.stringify(tokeniser.toJson(), null, 2)}\n`)
  const tokens = tokeniser.encode(text).length
  const ratio = (bytes.length / tokens).toFixed(2)
  const time = formatDuration(performance.now() - began)
  screen.print(
    `${shownPath(o.out)}: ${formatCount(o.vocabulary)} tokens, ${ratio} bytes of the text in each, learnt in ${time}`,
  )
  screen.print(
    `In a job: data: { tokeniser: { file: ${JSON.stringify(shownPath(o.out))} } }, a path that starts at the job file`,
  )
}

/** Adds the command and its one subcommand. */
export function addTokenizer(program: Command, context: CommandContext): void {
  const group = program
    .command('tokenizer')
    .summary('train a tokeniser')
    .description('Tokenisers: text to tokens and back.')
  const command = group
    .command('train')
    .summary('learn a byte-pair tokeniser from a text')
    .description('Learn a byte-level byte-pair tokeniser; it is written as a Hugging Face tokenizer.json.')
    .argument('<text>', 'a UTF-8 text file, or package:NAME')
    .requiredOption('--vocabulary <n>', 'how many tokens; 256 of them are the bytes', integer(256, 2 ** 20))
    .option('--out <file>', 'file to write', 'tokenizer.json')
    .option('--force', 'replace a file that exists', false)
  command.action((text: string, options: TokenizerOptions) => tokenizerCommand(context, text, options))
  examples(command, ['tokenizer train my-text.txt --vocabulary 4096 --out tokenizer.json'])
}
