import { asF32, bytesOf, type Executable, wasm } from '@cairn/engine'
import { expect, test } from 'vitest'
import { createExecutor } from '../execute/executor.ts'
import type { State } from '../execute/state.ts'
import { cachedDecoder, windowDecoder, windowGraph } from '../sample/decoder.ts'
import { generate } from '../sample/generate.ts'
import { hash, type TinyKind, tinyJob } from '../testing/tiny-job.ts'
import type { LanguageModel } from './model.ts'

async function initialised(kind: TinyKind, width: 'mx8' | 'mx12'): Promise<{ model: LanguageModel; global: State }> {
  const { program, data } = tinyJob({ kind, width })
  const executor = createExecutor(program, data.dataset, { backend: wasm, hash })
  const outcome = await executor.initialState()
  await executor.close()
  if (!outcome.ok) throw new Error('initial weights diverged')
  return { model: program.model as LanguageModel, global: outcome.value }
}

const kinds: [TinyKind, 'mx8' | 'mx12'][] = [
  ['gpt', 'mx8'],
  ['gpt', 'mx12'],
  ['llama', 'mx8'],
  ['llama', 'mx12'],
]

function logitsOf(e: Executable, tokens: Int32Array): Float32Array {
  e.write('tokens', bytesOf(tokens))
  expect(e.run().ok).toBe(true)
  return asF32(e.read('logits')).slice()
}

test.each(kinds)('%s %s: changing tokens after i leaves every logit up to i bit-identical', async (kind, width) => {
  const { model, global } = await initialised(kind, width)
  const e = await wasm.compile(windowGraph(model, width))
  for (const { name } of model.parameters) e.write(name, global.get(name) as Uint8Array)
  const tokens = Int32Array.from({ length: model.context }, (_, i) => (i * 37) % model.vocabulary)
  const before = logitsOf(e, tokens)
  for (let i = 0; i < model.context - 1; i++) {
    const changed = tokens.map((token, at) => (at > i ? (token * 91 + 13) % model.vocabulary : token))
    const after = logitsOf(e, changed)
    const upTo = (i + 1) * model.vocabulary
    expect(bytesOf(after.slice(0, upTo))).toEqual(bytesOf(before.slice(0, upTo)))
    expect(bytesOf(after.slice(upTo))).not.toEqual(bytesOf(before.slice(upTo)))
  }
  await e.close()
})

test.each(kinds)(
  '%s %s: sampling with and without the cache gives the same tokens, past the end of the window',
  async (kind, width) => {
    const { model, global } = await initialised(kind, width)
    const decoders = [await cachedDecoder(wasm, model, width, global), await windowDecoder(wasm, model, width, global)]
    const options = { temperature: 1, topK: 0, topP: 1, seed: 5 }
    const [cached, whole] = decoders.map(decoder => [
      ...generate(decoder, model.context, [84, 104], 2 * model.context, options),
    ])
    expect(cached).toEqual(whole)
    expect(new Set(cached).size).toBeGreaterThan(10)
    await Promise.all(decoders.map(decoder => decoder.close()))
  },
)
