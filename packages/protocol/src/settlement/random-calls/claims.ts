/** Made-up claims of units, so that links can show what they claim. */
import type { HashHex } from '@cairn/primitives'
import type { UnitClaim } from '../../dispute/claims.ts'
import { DIVERGED_ROOT } from '../../units.ts'
import { evaluatedClaim } from '../../work-claims.ts'
import { NO_HASH } from '../hashing.ts'
import type { Anchor } from '../works.ts'
import type { Situation } from './situation.ts'

/** A claim that says nothing but a root. */
const claimOf = (globalRoot: HashHex): UnitClaim =>
  evaluatedClaim({ globalRoot, lossBits: 0, stepsRoot: NO_HASH, saltHash: NO_HASH })

/** Makes up a claim, if wanted of an evaluation that left the domain. Returns its hash. */
export function madeUpClaim({ draw, hashing, memory }: Situation, isDiverged = false): HashHex {
  const claim = { ...claimOf(draw.hash() as HashHex), ...(isDiverged && { updateRoot: DIVERGED_ROOT }) }
  const hash = hashing.claimHash(claim)
  memory.claims.set(hash, claim)
  return hash
}

/** What a link's works claim; now and then one too few, or another. */
export function shownClaims({ draw, memory }: Situation, { works }: Anchor): UnitClaim[] {
  const claims = works.map(({ claim }) => memory.claims.get(claim) ?? claimOf(NO_HASH))
  if (draw.chance(98)) return claims
  return draw.chance(50) ? claims.slice(1) : claims.map(() => claimOf(draw.hash() as HashHex))
}
