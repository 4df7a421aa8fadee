/** One more round on top of a disputed one, by the same workers, which may pay for attestations. */
import { anchorHead, anchorRound, type ChainClient, claimsHash, signWork } from '@cairn/contracts'
import { withClaims } from '@cairn/contracts/conformance'
import { type Anchor, type Audit, attestationMessage, outerMessage, workMessage } from '@cairn/protocol'
import { accountOf, type DisputeNetwork } from './disputed-round.ts'

/** An attestation to a segment of a round's unit; by default to what that claims. */
export async function attestedBy(
  verifier: ChainClient,
  { job, round, works }: Anchor,
  { index, segment, claim = works[index]!.claim }: Pick<Audit, 'index' | 'segment'> & Partial<Pick<Audit, 'claim'>>,
): Promise<Audit> {
  const said = { round, index, segment, claim }
  const signature = await signWork(verifier, attestationMessage(job, said))
  return { verifier: accountOf(verifier), ...said, signature }
}

/** Anchors the next round with the claims of the last one once more; nobody looks at what they say. */
export async function anchorNext(
  { coordinator, workers }: Pick<DisputeNetwork, 'coordinator' | 'workers'>,
  before: Anchor,
  audits: readonly Audit[] = before.audits,
): Promise<Anchor> {
  const claims = before.works.map(({ claim }) => claim)
  const link = { previousHead: anchorHead(before), previousRoot: before.globalRoot, previousClaims: claimsHash(claims) }
  const unsigned: Anchor = { ...before, ...link, round: before.round + 1, audits }
  const works = await Promise.all(
    unsigned.works.map(async (work, i) => {
      const worker = workers[i] as ChainClient
      const signature = await signWork(worker, workMessage(unsigned, work, claims.length, claimsHash))
      return { ...work, signature, outer: await signWork(worker, outerMessage(unsigned, claims.length, claimsHash)) }
    }),
  )
  const anchor = { ...unsigned, works }
  const anchored = await anchorRound(coordinator, withClaims({ epoch: 1, ...anchor }))
  if (!anchored.ok) throw new Error(anchored.reason)
  return anchor
}
