/** One more round on top of a disputed one, by the same workers: it falls with it. */
import { anchorHead, anchorRound, type ChainClient, claimsHash, signWork } from '@cairn/contracts'
import { type Anchor, outerMessage, workMessage } from '@cairn/protocol'
import type { DisputeNetwork } from './disputed-round.ts'

/** Anchors round 1 with the claims of round 0 once more; nobody looks at what they say. */
export async function anchorNext({ coordinator, workers }: DisputeNetwork, before: Anchor): Promise<Anchor> {
  const claims = before.works.map(({ claim }) => claim)
  const link = { previousHead: anchorHead(before), previousRoot: before.globalRoot, previousClaims: claimsHash(claims) }
  const unsigned: Anchor = { ...before, ...link, round: before.round + 1 }
  const works = await Promise.all(
    unsigned.works.map(async (work, i) => {
      const worker = workers[i] as ChainClient
      const signature = await signWork(worker, workMessage(unsigned, work, claims.length, claimsHash))
      return { ...work, signature, outer: await signWork(worker, outerMessage(unsigned, claims.length, claimsHash)) }
    }),
  )
  const anchor = { ...unsigned, works }
  const anchored = await anchorRound(coordinator, { epoch: 1, ...anchor })
  if (!anchored.ok) throw new Error(anchored.reason)
  return anchor
}
