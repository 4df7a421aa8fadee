/** The chain's own hashes, for the reference model: a model that runs on these answers exactly as the contracts do. */
import type { SettlementHashing } from '@cairn/protocol'
import { claimHash } from './claim-hash.ts'
import { earningsTree, provesLeaf } from './earnings-tree.ts'
import { anchorHead, claimsHash, jobKey, rewindHead } from './identities.ts'

export const settlementHashing: SettlementHashing = {
  jobKey,
  claimHash,
  claimsHash,
  anchorHead,
  rewindHead,
  earningsTree,
  provesLeaf,
}
