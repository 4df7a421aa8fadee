/** What a model is to the compiler: its parameters, and functions that build its graph from them. */
import { type QuantisedDType, squareRootOf, type Tensor } from '@cairn/engine'

type Initial =
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'constant'; readonly value: number }

export interface Parameter {
  readonly name: string
  readonly shape: readonly number[]
  readonly initial: Initial
  /** Whether weight decay applies: to matrices, not to biases and gains. */
  readonly decay: boolean
}

export type Parameters = Readonly<Record<string, Tensor>>

/** Zeroes a random fraction of x and scales the rest; the identity outside training. */
export type Dropout = (x: Tensor) => Tensor

export interface ForwardContext {
  readonly parameters: Parameters
  readonly width: QuantisedDType
  readonly dropout: Dropout
}

/** Keys and values of one layer, head-major [B, K, 1, T, D]; a cache replaces the row of the new token. */
export type Cache = (layer: number, which: 'keys' | 'values', fresh: Tensor) => Tensor

export interface LanguageModel {
  readonly kind: 'language'
  readonly context: number
  readonly vocabulary: number
  readonly layers: number
  readonly keyHeads: number
  readonly headWidth: number
  readonly parameters: readonly Parameter[]
  /** tokens i32 [B, T], positions i32 [T] -> logits [B x T, V]. With a cache, keys and values come from it. */
  readonly logits: (c: ForwardContext, tokens: Tensor, positions: Tensor, cache?: Cache) => Tensor
}

export interface Classifier {
  readonly kind: 'classifier'
  readonly inputs: number
  readonly classes: number
  readonly parameters: readonly Parameter[]
  /** x f32 [B, inputs] -> logits [B, classes]. */
  readonly logits: (c: ForwardContext, x: Tensor) => Tensor
}

export type Model = LanguageModel | Classifier

export const matrix = (name: string, shape: readonly number[], deviation: number): Parameter => ({
  name,
  shape,
  initial: { kind: 'normal', deviation },
  decay: true,
})
export const constant = (name: string, shape: readonly number[], value: number): Parameter => ({
  name,
  shape,
  initial: { kind: 'constant', value },
  decay: false,
})

/**
 * Standard deviation of a transformer's initial matrices and embeddings: 1/sqrt(width). GPT-2's 0.02 is about half of
 * that at its width of 768; at the widths that small jobs use it would leave attention asleep for hundreds of steps.
 */
export const initialDeviation = (width: number): number => 1 / squareRootOf(width)

/** Looks a parameter up; the names are those of the model's own list. */
export const named = (parameters: Parameters, name: string): Tensor => parameters[name] as Tensor
