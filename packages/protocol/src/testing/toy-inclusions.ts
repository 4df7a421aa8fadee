/** Forced inclusion in a toy network: workers call the model of the contracts, coordinators read what it then holds. */
import { encodeIncludedUnit } from '../included-unit.ts'
import type { SignedCommitment } from '../messages.ts'
import { signedCommit } from '../roles/coordinator/signed-events.ts'
import type { Peer } from '../roles/events.ts'
import type { WorkerEffect } from '../roles/worker/events.ts'
import type { Account } from '../settlement.ts'
import type { JobId } from '../units.ts'
import { trainedClaim } from '../work-claims.ts'
import { type ToyChain, toyDocumentId } from './toy-chain.ts'
import type { ToyCoordinators } from './toy-coordinators.ts'
import { toyChecking } from './toy-work.ts'
import { accountOf } from './toy-workers.ts'

interface Options {
  readonly chain: ToyChain
  readonly coordinators: ToyCoordinators
  readonly job: JobId
  readonly nowMs: () => number
}

export function toyInclusions({ chain, coordinators, job, nowMs }: Options) {
  /** Where workers keep them, by what the chain says of them. */
  const records = new Map<string, { readonly peer: Peer; readonly commitment: SignedCommitment }>()

  return {
    /** Puts a unit on the chain; returns why that was refused, if it was. */
    include(peer: Peer, effect: Extract<WorkerEffect, { effect: 'include' }>): string | undefined {
      const { unit, signed, commitment, kept } = effect
      const { signature, ...about } = signed
      const custodians = signed.custodians as readonly Account[]
      const lease = {
        job,
        round: unit.round,
        index: unit.replica,
        ...about,
        custodians,
        signature: `0x${signature}`,
      } as const
      const claim = toyChecking.claimHash(trainedClaim(commitment.commitment))
      const document = toyDocumentId(encodeIncludedUnit(commitment))
      const signatures = kept.map(one => `0x${one}` as const)
      const args = { lease, claim, signature: `0x${commitment.claimSignature}`, kept: signatures, document } as const
      const refused = chain.include(accountOf(peer), args, nowMs())
      if (refused === undefined) records.set(`0x${commitment.claimSignature}`, { peer, commitment })
      return refused
    },
    /** Tells the coordinator that is up of what was included for the next round. */
    tell(): void {
      for (const { signature } of chain.included()) {
        const record = coordinators.active().state.jobs.get(job)
        const { peer, commitment } = records.get(signature)!
        const speaker = record && { job: record, peer, account: accountOf(peer) }
        const commit = speaker && signedCommit(toyChecking, speaker, { outcome: 'trained', lease: 0, commitment })
        if (commit?.event === 'commit') coordinators.tell({ ...commit, event: 'included' })
      }
    },
  }
}
