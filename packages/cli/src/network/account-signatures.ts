/** What accounts signed in the receipt of a job of a network. The chain's library is loaded for such receipts only. */
import { badAccountSignature, type Receipt } from '@cairn/protocol'
import type { Verdict } from '@cairn/training'

/** Checks every signature over a claim or an outer step; names the first that is not good. */
export async function checkAccountSignatures(receipt: Receipt): Promise<Verdict> {
  const { network } = receipt
  if (network === undefined) return { ok: true, units: 0 }
  const { claimChecking } = await import('@cairn/contracts')
  const checking = claimChecking({ chainId: network.chainId, anchors: network.anchors as `0x${string}` })
  const path = badAccountSignature(checking, receipt)
  if (path === undefined) return { ok: true, units: 0 }
  return { ok: false, path, expected: 'a signature by the account that stands there', found: 'one that is not theirs' }
}
