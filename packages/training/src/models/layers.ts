/** Building blocks of models, as compositions of engine operators. Shapes trail the lines; N is batch x tokens. */
import {
  absolute,
  add,
  causalMask,
  constantF32,
  contract,
  exp,
  type GraphBuilder,
  gather,
  log,
  maximum,
  multiply,
  offsetBits,
  permute,
  pick,
  power,
  powerOfTwoScale,
  type QuantisedDType,
  quantise,
  reciprocal,
  reciprocalSquareRoot,
  reshape,
  rotary,
  scale,
  sineCosine,
  squareRootOf,
  subtract,
  sum,
  sumAll,
  type Tensor,
} from '@cairn/engine'

/** Finite stand-in for minus infinity: e to it, after the row maximum is taken away, is exactly +0. */
const MASKED = -(2 ** 59)

const lastAxis = (x: Tensor) => x.shape.length - 1
const sumLast = (x: Tensor) => sum(x, lastAxis(x), x.shape.length)

/** Ba et al. 2016. x [N, D]; weight, bias [D]; epsilon as f32 bits. */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilonBits: number): Tensor {
  const width = x.shape.at(-1) as number
  const centred = subtract(x, scale(sumLast(x), 1 / width))
  const variance = scale(sumLast(multiply(centred, centred)), 1 / width) // [N, 1]
  const normal = multiply(centred, reciprocalSquareRoot(offsetBits(variance, epsilonBits)))
  return add(multiply(normal, weight), bias)
}

/** Zhang and Sennrich 2019. x [N, D]; weight [D]. */
export function rmsNorm(x: Tensor, weight: Tensor, epsilonBits: number): Tensor {
  const meanSquare = scale(sumLast(multiply(x, x)), 1 / (x.shape.at(-1) as number)) // [N, 1]
  return multiply(multiply(x, reciprocalSquareRoot(offsetBits(meanSquare, epsilonBits))), weight)
}

/** Cosines and sines of rotary positions (Su et al. 2021) for every position: two constants [context, half]. */
export function rotaryTables(builder: GraphBuilder, context: number, half: number, theta: number): [Tensor, Tensor] {
  const pairs = Array.from({ length: context * half }, (_, i) => {
    const [position, pair] = [Math.floor(i / half), i % half]
    return sineCosine(position * power(theta, -pair / half))
  })
  const table = (which: 0 | 1) =>
    constantF32(
      builder,
      [context, half],
      pairs.map(p => p[which]),
    )
  return [table(1), table(0)]
}

/** Rotates x [B, T, H, D] by the angles of `positions` [T]; halves are paired as in Llama checkpoints. */
export function rotate(x: Tensor, [cos, sin]: readonly [Tensor, Tensor], positions: Tensor): Tensor {
  const [b, t, h, d] = x.shape as [number, number, number, number]
  const turned = rotary(reshape(x, [b, t, h, 2, d / 2]), gather(cos, positions), gather(sin, positions))
  return reshape(turned, [b, t, h, d])
}

/** Moves heads before tokens and groups them by key head: [B, T, K x G, D] -> [B, K, G, T, D]. */
export function headMajor(x: Tensor, keyHeads: number): Tensor {
  const [b, t, h, d] = x.shape as [number, number, number, number]
  return permute(reshape(x, [b, t, keyHeads, h / keyHeads, d]), [0, 2, 3, 1, 4])
}

/**
 * Causal attention over head-major tensors: q [B, K, G, Q, D], k and v [B, K, 1, T, D], positions i32 [Q]: a query
 * sees the keys up to its position. Returns [B, Q, K x G x D].
 *
 * SPEC: N1, causality. A value's scale is that of its own token, folded exactly into the weights before these are
 * quantised along the keys. The division by the weights' sum comes after the product, where it is cheap.
 */
export function attend(q: Tensor, k: Tensor, v: Tensor, positions: Tensor, width: QuantisedDType): Tensor {
  const [batch, keyHeads, groups, queries, d] = q.shape as [number, number, number, number, number]
  const keys = k.shape[3] as number
  const scaled = scale(q, 1 / squareRootOf(d))
  const scores = contract(quantise(scaled, -1, width), quantise(k, -1, width)) // [B, K, G, Q, T]
  const visible = causalMask(scores, positions, MASKED)
  const weights = exp(subtract(visible, maximum(visible, 4, 5)))
  const largest = maximum(absolute(v), 4, 5) // [B, K, 1, T, 1]
  const perKey = reshape(powerOfTwoScale(largest, width, 0), [batch, keyHeads, 1, 1, keys])
  const mantissas = quantise(multiply(v, powerOfTwoScale(largest, width, 1)), -2, width, 1)
  const summed = contract(quantise(multiply(weights, perKey), -1, width), mantissas) // [B, K, G, Q, D]
  const mixed = multiply(summed, reciprocal(sum(weights, 4, 5)))
  return reshape(permute(mixed, [0, 3, 1, 2, 4]), [batch * queries, keyHeads * groups * d])
}

/** Mean cross-entropy in nats of logits [N, V] against targets i32 [N]; shape [1]. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const shifted = subtract(logits, maximum(logits, 1, 2))
  const perToken = subtract(log(sum(exp(shifted), 1, 2)), pick(shifted, targets)) // [N, 1]
  return scale(sumAll(perToken), 1 / (logits.shape[0] as number))
}
