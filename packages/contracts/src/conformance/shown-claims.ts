/** Claims of units that checks make up or know, by their hashes: a link shows what its works claim. */
import type { HashHex } from '@cairn/primitives'
import { type Anchor, DIVERGED_ROOT, evaluatedClaim, NO_HASH, type UnitClaim } from '@cairn/protocol'
import { claimHash } from '../claim-hash.ts'

const known = new Map<HashHex, UnitClaim>()

/** Remembers a claim. Returns its hash. */
export function knownClaim(claim: UnitClaim): HashHex {
  const hash = claimHash(claim)
  known.set(hash, claim)
  return hash
}

/** Makes up a claim that says nothing but a root, so many times for its checkpoints, or also that it left the domain. Returns its hash. */
export function madeUpClaim(globalRoot: HashHex, isDiverged = false, checkpoints = 0): HashHex {
  const claim = evaluatedClaim({ globalRoot, lossBits: 0, stepsRoot: NO_HASH, saltHash: NO_HASH })
  const checkpointRoots = new Array<HashHex>(checkpoints).fill(globalRoot)
  return knownClaim({ ...claim, checkpointRoots, ...(isDiverged && { updateRoot: DIVERGED_ROOT }) })
}

/** Adds to a link what its works claim. Throws `Error` on a claim that nobody has made known. */
export function withClaims<Link extends Pick<Anchor, 'works'>>(link: Link): Link & { readonly claims: UnitClaim[] } {
  const claims = link.works.map(({ claim }) => {
    const found = known.get(claim)
    if (found === undefined) throw new Error(`nobody knows the claim ${claim}`)
    return found
  })
  return { ...link, claims }
}
