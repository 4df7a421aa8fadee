/** `cairn sample OUT`: lets a trained model write. */
import { randomInt } from 'node:crypto'
import { InputError } from '@cairn/primitives'
import type { Command } from 'commander'
import { type LoadedModel, loadFromDirectory, loadFromFiles } from '../run/load-model.ts'
import { sampleText, writerOf } from '../run/sample.ts'
import { formatShort, plural } from '../screen/format.ts'
import { type CommandContext, decimal, examples, integer } from './context.ts'

interface SampleCommandOptions {
  readonly prompt: string
  readonly tokens: number
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly seed?: number
  readonly weights?: string
  readonly job?: string
}

function load(out: string | undefined, { weights, job }: SampleCommandOptions): Promise<LoadedModel> {
  if (out !== undefined && weights === undefined && job === undefined) return loadFromDirectory(out)
  if (out === undefined && weights !== undefined && job !== undefined) return loadFromFiles(weights, job)
  throw new InputError('WhichModel', 'It is not clear which model is meant.', {
    path: 'arguments',
    expected: 'an output directory, or --weights FILE together with --job FILE',
    found: [out, weights && '--weights', job && '--job'].filter(Boolean).join(' and ') || 'neither',
    fix: 'For example: cairn sample out/first',
  })
}

async function sampleCommand({ screen }: CommandContext, out: string | undefined, o: SampleCommandOptions) {
  const loaded = await load(out, o)
  const writer = writerOf(loaded)
  const seed = o.seed ?? randomInt(2 ** 32)
  const { temperature, topK, topP } = o
  if (loaded.afterRounds !== undefined)
    screen.note(
      screen.colours.dim(`The run is not over: these are its weights after ${plural(loaded.afterRounds, 'round')}.`),
    )
  screen.write(screen.colours.bold(o.prompt))
  const began = performance.now()
  for await (const piece of sampleText(writer, o.prompt, o.tokens, { temperature, topK, topP, seed }))
    screen.write(piece)
  screen.write('\n')
  const speed = (o.tokens * 1000) / (performance.now() - began)
  screen.note(
    screen.colours.dim(
      `[${plural(o.tokens, 'token')}, ${formatShort(speed)} a second; --seed ${seed} writes this again]`,
    ),
  )
}

/** Adds the command. */
export function addSample(program: Command, context: CommandContext): void {
  const command = program
    .command('sample')
    .summary('let a trained model write')
    .description('Continue a prompt with a trained language model. The same seed writes the same text.')
    .argument('[out]', 'output directory of a run, finished or under way')
    .option('--prompt <text>', 'what to continue', '')
    .option('--tokens <n>', 'how many tokens to write', integer(1), 300)
    .option('--temperature <t>', '0 always takes the likeliest token; higher is wilder', decimal(0, 100), 0.8)
    .option('--top-k <k>', 'choose among the k likeliest tokens; 0 among all', integer(0), 0)
    .option('--top-p <p>', 'choose among the likeliest tokens that together have this probability', decimal(0, 1), 0.95)
    .option('--seed <n>', 'random when left out', integer(0, 2 ** 32 - 1))
    .option('--weights <file>', 'a safetensors file instead of an output directory')
    .option('--job <file>', 'the job file that describes the model of --weights')
  command.action(async (out: string | undefined, options: SampleCommandOptions) => {
    await sampleCommand(context, out, options)
  })
  examples(command, [
    'sample out/first --prompt "The people "',
    'sample out/first --temperature 0 --tokens 50',
    'sample --weights model.safetensors --job job.yaml',
  ])
}
