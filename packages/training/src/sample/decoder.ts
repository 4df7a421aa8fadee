/**
 * A language model that yields logits token by token: one graph for one position, with a key/value cache carried from
 * run to run. Masked keys are exactly +0 (numerics N1, causality), so the bits equal those of the whole window at once.
 */
import {
  asF32,
  type Backend,
  bytesOf,
  constantI32,
  type Executable,
  type Graph,
  graphBuilder,
  input,
  type QuantisedDType,
  replaceRow,
  type Tensor,
} from '@cairn/engine'
import { InputError } from '@cairn/primitives'
import { parameterInputs } from '../compile/inner-graph.ts'
import { noDropout } from '../compile/loss-graph.ts'
import type { State } from '../execute/state.ts'
import type { LanguageModel } from '../models/model.ts'

const cacheName = (layer: number, which: string) => `cache/${layer}/${which}`

/** Builds the graph of one token: inputs `token` [1,1], `position` [1], parameters, caches [1, K, 1, C, D]. */
function stepGraph(model: LanguageModel, width: QuantisedDType): Graph {
  const builder = graphBuilder()
  const parameters = parameterInputs(builder, model.parameters)
  const token = input(builder, 'token', [1, 1], 'i32')
  const position = input(builder, 'position', [1], 'i32')
  const carries: Record<string, string> = {}
  const outputs: Record<string, Tensor> = {}
  const cache = (layer: number, which: 'keys' | 'values', fresh: Tensor): Tensor => {
    const name = cacheName(layer, which)
    const kept = replaceRow(
      input(builder, name, [1, model.keyHeads, 1, model.context, model.headWidth]),
      fresh,
      position,
    )
    carries[name] = `next/${name}`
    outputs[`next/${name}`] = kept
    return kept
  }
  outputs.logits = model.logits({ parameters, width, dropout: noDropout }, token, position, cache)
  return builder.finish(outputs, carries)
}

/** Builds the graph of a whole window: inputs `tokens` [1, C] and parameters; logits [C, V]. */
export function windowGraph(model: LanguageModel, width: QuantisedDType): Graph {
  const builder = graphBuilder()
  const parameters = parameterInputs(builder, model.parameters)
  const tokens = input(builder, 'tokens', [1, model.context], 'i32')
  const positions = constantI32(
    builder,
    Array.from({ length: model.context }, (_, i) => i),
  )
  return builder.finish({ logits: model.logits({ parameters, width, dropout: noDropout }, tokens, positions) })
}

/** Yields the logits [V] after the last of some tokens; at most `context` of them. */
export interface Decoder {
  next(tokens: readonly number[]): Float32Array
  close(): Promise<void>
}

function runStep(e: Executable): void {
  if (e.run().ok) return
  throw new InputError('ModelDiverged', 'the model leaves the domain of its arithmetic on this text', {
    expected: 'values below 2^60 everywhere',
    found: 'larger ones',
    fix: 'use the weights of an earlier checkpoint, or train with a lower learning rate',
  })
}

function loadParameters(e: Executable, model: LanguageModel, global: State): void {
  for (const { name } of model.parameters) e.write(name, global.get(name) as Uint8Array)
}

/** Creates a decoder that reads only tokens it has not read yet. */
export async function cachedDecoder(
  backend: Backend,
  model: LanguageModel,
  width: QuantisedDType,
  global: State,
): Promise<Decoder> {
  const e = await backend.compile(stepGraph(model, width))
  loadParameters(e, model, global)
  let seen: number[] = []
  return {
    next(tokens) {
      const common = seen.findIndex((token, i) => tokens[i] !== token)
      // Rows of the cache after a position are masked, so going back only means writing over them.
      const from = Math.min(common < 0 ? seen.length : common, tokens.length - 1)
      for (let i = from; i < tokens.length; i++) {
        e.write('token', bytesOf(Int32Array.of(tokens[i] as number)))
        e.write('position', bytesOf(Int32Array.of(i)))
        runStep(e)
      }
      seen = [...tokens]
      return asF32(e.read('logits')).slice()
    },
    close: () => e.close(),
  }
}

/** Creates a decoder that computes the whole window for every token: slow, and the same bits. */
export async function windowDecoder(
  backend: Backend,
  model: LanguageModel,
  width: QuantisedDType,
  global: State,
): Promise<Decoder> {
  const e = await backend.compile(windowGraph(model, width))
  loadParameters(e, model, global)
  return {
    next(tokens) {
      const padded = new Int32Array(model.context)
      padded.set(tokens)
      e.write('tokens', bytesOf(padded))
      runStep(e)
      const at = (tokens.length - 1) * model.vocabulary
      return asF32(e.read('logits')).slice(at, at + model.vocabulary)
    },
    close: () => e.close(),
  }
}
