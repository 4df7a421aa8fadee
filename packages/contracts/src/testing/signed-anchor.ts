/** A round whose works are signed by real accounts, as its coordinator would anchor it. */
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type Anchor,
  type Audit,
  attestationMessage,
  type JobId,
  outerMessage,
  type Work,
  workMessage,
} from '@cairn/protocol'
import { signWork } from '../actions/sign-work.ts'
import type { ChainClient } from '../chain-client.ts'
import { madeUpClaim } from '../conformance/shown-claims.ts'
import { claimsHash } from '../identities.ts'

export interface RoundPlan {
  readonly job: JobId
  readonly round: number
  readonly previousHead: HashHex
  readonly previousRoot: HashHex
  readonly previousClaims: HashHex
  readonly globalRoot: HashHex
  readonly documentId: HashHex
  readonly coordinator: ChainClient
  /** One for each replica, then one for the evaluation if there is any. */
  readonly workers: readonly ChainClient[]
  readonly replicas: number
  readonly custodians?: readonly Account[]
  readonly audits?: readonly Audit[]
}

/** An attestation by a client, to all of a unit or a segment of it. */
export async function signedAudit(
  verifier: ChainClient,
  job: JobId,
  said: Pick<Audit, 'round' | 'index' | 'segment' | 'claim'>,
): Promise<Audit> {
  const signature = await signWork(verifier, attestationMessage(job, said))
  return { verifier: verifier.account!, ...said, signature }
}

/** Signs every work, and every replica's outer step. A claim is made up from its round and index. */
export async function signedAnchor(plan: RoundPlan): Promise<Anchor> {
  const { workers, replicas, coordinator, custodians = [], audits = [], ...link } = plan
  const bare = workers.map(
    (worker, index): Work => ({
      worker: worker.account!,
      index,
      claim: madeUpClaim((index + 1 + 16 * link.round).toString(16).padStart(64, '0') as HashHex),
      signature: '0x',
      outer: '0x',
      custodians: index < replicas ? custodians : [],
    }),
  )
  const anchor: Anchor = { ...link, coordinator: coordinator.account!, works: bare, audits }
  const outer = outerMessage(anchor, replicas, claimsHash)
  const works = bare.map(async (work, i) => ({
    ...work,
    signature: await signWork(workers[i]!, workMessage(anchor, work, replicas, claimsHash)),
    outer: work.index < replicas ? await signWork(workers[i]!, outer) : ('0x' as const),
  }))
  return { ...anchor, works: await Promise.all(works) }
}
