/** What a coordinator knows of a job's audits: orders, who was asked, and what came of it. Plain data. */
import type { HashHex } from '@cairn/primitives'
import type { Attestation } from '../../audit/attestation.ts'
import type { Beacon } from '../../audit/beacon.ts'
import type { AuditOrder } from '../../audit/selection.ts'
import type { VerdictCode } from '../../audit/verdict.ts'
import type { MessageBodies, SignedAttestation } from '../../messages.ts'
import type { Account } from '../../settlement/terms.ts'
import type { Audit } from '../../settlement/works.ts'
import type { JobId } from '../../units.ts'
import type { Peer } from '../events.ts'

/** What a coordinator has to know of a job whose units are audited. */
export interface AuditFacts {
  /**
   * How long verifiers have, then how long substitutes have, and the worker to reveal: at most a third of the challenge
   * window each, or games could not be opened any more.
   */
  readonly auditMs: number
  /** Attestations that an audited unit needs. */
  readonly verifiers: number
  /** Nodes that do every training unit beside its worker; absent where none do. */
  readonly doers?: number
  /** Batches of an evaluation. */
  readonly evaluationBatches: number
}

/**
 * `planted`: it confirmed roots that were made up. `late`: it came when the worker was asked already. `unbonded`: nobody can
 * hold it to its word.
 */
export type AskVerdict = VerdictCode | 'planted' | 'late' | 'unbonded'

/** A verifier that was asked. */
export interface Ask {
  readonly verifier: Account
  readonly sinceMs: number
  /** When it was last asked; never, while its node is not known. */
  readonly sentMs?: number
  readonly attestation?: Attestation
  /** What the chain takes of it. Who did the whole unit may have signed for another segment than the order's. */
  readonly signed?: Pick<Audit, 'segment' | 'claim' | 'signature'>
  /** Absent while nobody can tell. */
  readonly verdict?: AskVerdict
}

export interface OrderRecord {
  readonly order: AuditOrder
  readonly beacon: Beacon
  /** 32 bytes that nobody else knows: which requests are planted follows from it. */
  readonly secret: HashHex
  readonly sinceMs: number
  /** Verifiers, then substitutes as they became needed. */
  readonly asks: readonly Ask[]
  /** When the worker was asked to reveal, first and last. */
  readonly reveal?: { readonly sinceMs: number; readonly sentMs: number }
  /** What it came to, for a person; absent while somebody is waited for. */
  readonly outcome?: string
}

export type AuditEvent =
  /**
   * A link's beacon is there, and says who audits what of its round. Hosts tell it while `lacksOrders` says so, and draw
   * the secret. Its orders may be none.
   */
  | {
      readonly event: 'drawn'
      readonly job: JobId
      readonly round: number
      readonly beacon: Beacon
      readonly secret: HashHex
      readonly orders: readonly AuditOrder[]
    }
  /**
   * Signed by the peer's key (`isSignedAttestation`), whose registered account it names, and by that account
   * (`isAttestationSigned`); all are checked by the host.
   */
  | { readonly event: 'attested'; readonly job: JobId; readonly peer: Peer; readonly body: SignedAttestation }
  | {
      readonly event: 'revealed'
      readonly job: JobId
      readonly peer: Peer
      readonly body: MessageBodies['revealed']
    }
