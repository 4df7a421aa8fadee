import type { EvidenceRules } from '@cairn/protocol'
import { claimHash } from '../claim-hash.ts'
import { anchorHead, claimsHash } from '../identities.ts'
import { provableHash } from './open-game.ts'
import { isPositionSigned } from './sign-position.ts'

/** How contracts hash what a bundle of evidence holds, and whose signatures they would take. Asks no chain. */
export const evidenceChecking: Omit<EvidenceRules, 'hash' | 'referee'> = {
  ...{ claimHash, claimsHash, anchorHead, provableHash },
  isPositionSigned: ({ chain, game, subject }, position, signature, account) =>
    isPositionSigned({ ...chain, addresses: chain }, { game, subject, position }, signature, account),
}
