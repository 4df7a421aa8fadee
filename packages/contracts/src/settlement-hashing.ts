/** The hashes that the contracts compute, for the reference model. */
import type { SettlementHashing } from '@cairn/protocol'
import { earningsTree, provesLeaf } from './earnings-tree.ts'
import { anchorHead, jobKey } from './identities.ts'

export const settlementHashing: SettlementHashing = { jobKey, anchorHead, earningsTree, provesLeaf }
