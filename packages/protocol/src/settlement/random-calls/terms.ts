/** Random terms: small jobs, so that a short sequence brings one to its end. */
import type { HashHex } from '@cairn/primitives'
import { NO_HASH } from '../hashing.ts'
import { maximumPriceOf, type Terms } from '../terms.ts'
import type { Draw } from './draw.ts'

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
    ...verification(draw),
    rounds,
    replicas: 1 + draw.below(3),
    evaluateEvery: draw.below(rounds + 2),
    custodians: draw.below(3),
    maximumUnsettled: 1 + draw.below(4),
  }
  const needed = maximumPriceOf(terms)
  const slack = draw.chance(3) ? 1_000_000 : draw.below(20)
  const budget = draw.chance(5) && needed > 0n ? needed - 1n : needed + BigInt(slack)
  return { ...terms, budget, ...(draw.chance(5) ? senseless(draw) : {}) }
}

/** One job in five trusts its nodes. */
function verification(draw: Draw): Pick<Terms, 'provable' | 'policy' | 'auditRate' | 'auditPrice' | 'verifiers'> {
  if (draw.chance(20)) return { provable: NO_HASH, policy: 0, auditRate: 0, auditPrice: 0n, verifiers: 0 }
  const verifiers = 1 + draw.below(2)
  return {
    provable: draw.hash() as HashHex,
    policy: 1 + draw.below(2),
    auditRate: 200_001 * (1 + draw.below(4)),
    auditPrice: BigInt(draw.below(4)),
    verifiers,
  }
}

/** Something that no job may have. */
const senseless = (draw: Draw): Partial<Terms> =>
  draw.pick([
    { rounds: 0 },
    { replicas: 0 },
    { document: NO_HASH },
    { policy: 3 },
    { provable: NO_HASH, policy: 1 },
    { provable: 'e'.repeat(64) as HashHex, policy: 0 },
    { policy: 1, auditRate: 0 },
    { policy: 1, auditRate: 1_000_001 },
    { policy: 0, verifiers: 1 },
    { verifiers: 6 },
    { maximumUnsettled: 0 },
    { maximumUnsettled: 65 },
    { policy: 1, auditRate: 1, verifiers: 5, auditPrice: 0n, trainPrice: 2n ** 120n, budget: 2n ** 126n },
    { custodians: 2 ** 32 - 1, rounds: 2 ** 32 - 1, replicas: 2 ** 32 - 1 },
  ])
