/** Sampling text: temperature, top-k, top-p and a seed. No consensus depends on it, so plain double arithmetic will do. */
import { philox4x32 } from '@cairn/primitives'
import type { Decoder } from './decoder.ts'

export interface SampleOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number
  /** Keeps the k most likely tokens; 0 keeps all. */
  readonly topK: number
  /** Keeps the most likely tokens that together have this probability; 1 keeps all. */
  readonly topP: number
  readonly seed: number
}

/** Returns a number in [0, 1) for the n-th draw. */
function uniform(seed: number, n: number): number {
  const [word] = philox4x32([n, 0, 0, 0], [seed, 0x73616d70])
  return word / 2 ** 32
}

interface Candidate {
  readonly token: number
  readonly weight: number
}

/** Sorts tokens by logit (ties: lower token first) and applies temperature, top-k and top-p. */
function candidates(logits: Float32Array, { temperature, topK, topP }: SampleOptions): Candidate[] {
  const order = Array.from(logits.keys()).sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
  const kept = topK > 0 ? order.slice(0, topK) : order
  const best = logits[kept[0] as number] as number
  const weights = kept.map(token => ({ token, weight: Math.exp(((logits[token] as number) - best) / temperature) }))
  const total = weights.reduce((sum, { weight }) => sum + weight, 0)
  let covered = 0
  const cut = weights.findIndex(({ weight }) => {
    covered += weight / total
    return covered >= topP
  })
  return cut < 0 ? weights : weights.slice(0, cut + 1)
}

/** Draws a token from logits [V]; `draw` numbers the random word. */
export function sampleToken(logits: Float32Array, options: SampleOptions, draw: number): number {
  if (options.temperature === 0) return logits.reduce((best, x, i) => (x > (logits[best] as number) ? i : best), 0)
  const kept = candidates(logits, options)
  let rest = uniform(options.seed, draw) * kept.reduce((sum, { weight }) => sum + weight, 0)
  for (const { token, weight } of kept) {
    rest -= weight
    if (rest < 0) return token
  }
  return (kept.at(-1) as Candidate).token
}

/**
 * Generates `count` tokens after a prompt of at least one. When the window is full, its older half is forgotten and the
 * rest is read again from position 0: the same with and without a cache.
 */
export function* generate(
  decoder: Decoder,
  context: number,
  prompt: readonly number[],
  count: number,
  options: SampleOptions,
): Generator<number> {
  let window = prompt.slice(-context)
  for (let n = 0; n < count; n++) {
    const token = sampleToken(decoder.next(window), options, n)
    yield token
    window = window.length === context ? [...window.slice(Math.ceil(context / 2)), token] : [...window, token]
  }
}
