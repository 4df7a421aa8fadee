/**
 * A coordinator's part of forced inclusion: what workers have put on the chain for the next round of its jobs, taken like
 * commitments that came by message. SPEC: docs/spec/anchors.md "Inclusion"; docs/spec/network.md "Inclusion".
 */
import { type InclusionOnChain, readInclusions } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type ClaimChecking,
  type CoordinatorEvent,
  decodeIncludedUnit,
  isSignedCommitment,
  type JobRecord,
  type SignedCommitment,
  signedCommit,
  trainedClaim,
} from '@cairn/protocol'
import { verifySignature } from '../network/signing.ts'
import { type JobView, sameAccount } from './chain-watch.ts'
import { isIncludable } from './inclusion.ts'
import type { NodeParts } from './parts.ts'

interface Options {
  readonly parts: Pick<NodeParts, 'chain' | 'client' | 'log'>
  readonly checking: ClaimChecking
  /** Bytes of a blob that is here or that live nodes have. */
  readonly bytesOf: (id: HashHex) => Promise<Uint8Array | undefined>
}

/** Tells whether a round has an included unit already. */
const isTaken = ({ rounds, chain }: JobRecord, { index, claim, worker }: InclusionOnChain): boolean => {
  const outcome = rounds[chain.anchored]?.units[index]?.outcome
  return outcome?.kind === 'trained' && outcome.claim === claim && sameAccount(outcome.commitment.account, worker)
}

/** Returns what reads the units that were included for a job's next round and that its coordinator has not got. */
export function includedUnits({ parts: { chain, client, log }, checking, bytesOf }: Options) {
  /** The chain has checked the account's signature; nobody but the worker has said where the record is. */
  async function recordOf({ worker, claim, document }: InclusionOnChain): Promise<SignedCommitment | undefined> {
    const decoded = decodeIncludedUnit((await bytesOf(document)) ?? new Uint8Array())
    if (!decoded.ok) return undefined
    const commitment = decoded.document
    const isIts = sameAccount(chain.registered(commitment.worker)?.account ?? '', worker)
    const isRight = isIts && checking.claimHash(trainedClaim(commitment.commitment)) === claim
    return isRight && isSignedCommitment(verifySignature, commitment) ? commitment : undefined
  }

  return async (view: JobView, job: JobRecord): Promise<CoordinatorEvent[]> => {
    const { anchors, status } = view
    const isDue = status === 'open' && isIncludable(view) && anchors.rounds === job.chain.anchored && !job.isBehind
    if (!isDue) return []
    const included = await readInclusions(client, view.job, anchors.head)
    const binding = included.filter(one => one.bindsUntilSeconds * 1000 > Date.now() && !isTaken(job, one))
    const events = binding.map(async (one): Promise<CoordinatorEvent[]> => {
      const commitment = await recordOf(one)
      if (commitment === undefined) {
        log.warn(
          { job: view.job, index: one.index, worker: one.worker },
          'an included unit cannot be had; trying again',
        )
        return []
      }
      const speaker = { job, peer: commitment.worker, account: one.worker.toLowerCase() }
      const commit = signedCommit(checking, speaker, { outcome: 'trained', lease: 0, commitment })
      return commit?.event === 'commit' ? [{ ...commit, event: 'included' }] : []
    })
    return (await Promise.all(events)).flat()
  }
}
