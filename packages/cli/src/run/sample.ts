/** Text from a language model, piece by piece. */
import { wasm } from '@cairn/engine'
import { InputError } from '@cairn/primitives'
import type { JobSpec } from '@cairn/protocol'
import {
  cachedDecoder,
  createStreamDecoder,
  generate,
  type LanguageModel,
  type Model,
  type SampleOptions,
  type State,
  type Tokeniser,
} from '@cairn/training'

export interface Writer {
  readonly model: LanguageModel
  readonly tokeniser: Tokeniser
  readonly global: State
  readonly width: JobSpec['numerics']['width']
}

interface Parts {
  readonly spec: JobSpec
  readonly model: Model
  readonly global: State
  readonly tokeniser?: Tokeniser
}

/** Takes what writing needs from a loaded model. Throws `InputError` (`NotALanguageModel`). */
export function writerOf({ spec, model, global, tokeniser }: Parts): Writer {
  if (model.kind === 'language' && tokeniser !== undefined)
    return { model, tokeniser, global, width: spec.numerics.width }
  throw new InputError('NotALanguageModel', 'This model does not write text.', {
    path: 'model.kind',
    expected: 'gpt or llama',
    found: spec.model.kind,
    fix: 'Use `cairn export` to take its weights elsewhere.',
  })
}

/** Encodes a prompt; without one, a line end begins the text, or the first token where there is none. */
function promptTokens({ tokeniser }: Writer, prompt: string): number[] {
  if (prompt !== '') return [...tokeniser.encode(prompt)]
  try {
    return [...tokeniser.encode('\n')]
  } catch {
    return [0]
  }
}

const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Continues a prompt by `count` tokens; pieces come as soon as their characters are whole. */
export async function* sampleText(
  writer: Writer,
  prompt: string,
  count: number,
  options: SampleOptions,
): AsyncGenerator<string> {
  const { model, tokeniser, global, width } = writer
  const tokens = promptTokens(writer, prompt)
  const decoder = await cachedDecoder(wasm, model, width, global)
  const pieces = createStreamDecoder(tokeniser)
  try {
    for (const token of generate(decoder, model.context, tokens, count, options)) {
      yield pieces.push(token)
      await breathe()
    }
    yield pieces.end()
  } finally {
    await decoder.close()
  }
}
