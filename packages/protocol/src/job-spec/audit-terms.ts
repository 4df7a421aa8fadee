/** What a job's specification says about audits, as its terms on the chain have it. SPEC: docs/spec/job.md "Verification". */
import { floorOfProduct } from '../decimal.ts'
import type { JobSpec } from '../job-spec.ts'
import { POLICIES, type Terms } from '../settlement/terms.ts'

/** The part of the terms that follows from the specification alone. */
type AuditTerms = Pick<Terms, 'policy' | 'auditRate' | 'verifiers' | 'maximumUnsettled'>

const MILLION = 1_000_000n

/**
 * Under `none` nobody audits, nothing is locked, nothing can be disputed. So no round is ever taken back, and nothing is
 * gained by holding work up while those before it wait for their windows: as many may be open as a contract bears.
 */
const NO_AUDITS = { auditRate: 0, verifiers: 0, maximumUnsettled: 64 } as const

/** Derives what the terms of a job say about audits. */
export function auditTermsOf({ verification }: Pick<JobSpec, 'verification'>): AuditTerms {
  const policy = POLICIES.indexOf(verification.policy)
  if (verification.policy === 'none') return { policy, ...NO_AUDITS }
  const { rate, verifiers, unsettledRounds } = verification
  return { policy, auditRate: Number(floorOfProduct(MILLION, rate)), verifiers, maximumUnsettled: unsettledRounds }
}
