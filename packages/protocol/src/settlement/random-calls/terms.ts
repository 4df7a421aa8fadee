/** Random terms: small jobs, so that a short sequence brings one to its end. */
import type { HashHex } from '@cairn/primitives'
import { maximumPriceOf, type Terms } from '../terms.ts'
import type { Draw } from './draw.ts'

const NO_DOCUMENT = '0'.repeat(64) as HashHex

export function randomTerms(draw: Draw, known: readonly Terms[]): Terms {
  const rounds = 1 + draw.below(6)
  const price = () => BigInt(draw.below(10))
  const terms: Terms = {
    document: known.length > 0 && draw.chance(5) ? draw.pick(known).document : (draw.hash() as HashHex),
    budget: 0n,
    trainPrice: price(),
    evaluatePrice: price(),
    custodyPrice: price(),
    roundPrice: price(),
    rounds,
    replicas: 1 + draw.below(3),
    evaluations: draw.below(rounds + 1),
    custodians: draw.below(3),
  }
  const needed = maximumPriceOf(terms)
  const slack = draw.chance(3) ? 1_000_000 : draw.below(20)
  const budget = draw.chance(5) && needed > 0n ? needed - 1n : needed + BigInt(slack)
  return { ...terms, budget, ...(draw.chance(5) ? senseless(draw) : {}) }
}

/** Something that no job may have. */
const senseless = (draw: Draw): Partial<Terms> =>
  draw.pick([
    { rounds: 0, evaluations: 0 },
    { replicas: 0 },
    { evaluations: 7 },
    { document: NO_DOCUMENT },
    { custodians: 2 ** 32 - 1, rounds: 2 ** 32 - 1, replicas: 2 ** 32 - 1 },
  ])
