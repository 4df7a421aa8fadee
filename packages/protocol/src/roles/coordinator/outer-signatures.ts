/** Who did a round, and who of them answers for its outer step. */
import type { OuterSignature } from '../../messages.ts'
import type { Peer } from '../events.ts'
import { workOf } from '../unit-machine.ts'
import type { RoundRecord } from './state.ts'

/** The nodes whose commitments stand in a round. */
export function committersOf({ units }: RoundRecord): Peer[] {
  return [...new Set(units.flatMap(record => workOf(record)?.commitment.worker ?? []))]
}

/**
 * Signatures over a round's outer step by those who did the round, in the order of their units: what its anchor needs at
 * least one of. They are over the root that was agreed, or, where the round left the domain, over none.
 */
export function signaturesOf(record: RoundRecord): OuterSignature[] {
  const { reports, globalRoot } = record
  return committersOf(record).flatMap(peer => {
    const { outcome, signature } = reports.get(peer) ?? {}
    const isRight = outcome && ('globalRoot' in outcome ? outcome.globalRoot : undefined) === globalRoot
    return isRight && signature !== undefined ? [signature] : []
  })
}
