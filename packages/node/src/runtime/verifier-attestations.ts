/**
 * Attestations of others to a unit that this verifier has audited, as links pay for them: those that it knows to be wrong are
 * challenged. SPEC: docs/spec/disputes.md "Nodes". The games about the unit itself say nothing of who attested to it.
 */
import type { GameCharge } from '@cairn/contracts'
import { type Account, type Audit, impossibleParts, isPartOf } from '@cairn/protocol'
import type { AuditBook } from './audit-book.ts'
import type { AuditDraw } from './audit-draw.ts'
import type { Finding, OpenedOrder } from './verifier-audit.ts'
import { unitCharge } from './verifier-charges.ts'
import type { VerifiableJob } from './verifier-sources.ts'

/** An attestation of somebody else, and the link that pays for it. */
export interface OthersAttestation {
  /** The link, and the place in it. */
  readonly key: string
  readonly link: AuditDraw
  readonly position: number
  readonly audit: Audit
}

interface About {
  readonly draw: AuditDraw
  readonly index: number
  readonly account: Account
}

const isAbout = ({ round, index }: Audit, { draw, index: own }: About): boolean => round === draw.round && index === own

/** Lists what others have attested to a unit, in links that stand or are void. */
export function attestationsOfOthers(book: Pick<AuditBook, 'draws'>, about: About): OthersAttestation[] {
  const links = book.draws().filter(({ job }) => job === about.draw.job)
  return links.flatMap(link =>
    link.anchor.audits.flatMap((audit, i) => {
      if (!isAbout(audit, about) || audit.verifier === about.account) return []
      const position = link.anchor.works.length + i
      return [{ key: `${link.head} ${position}`, link, position, audit }]
    }),
  )
}

/**
 * Makes the charge of an attestation that is wrong, as far as an audit of the unit tells: it is to no segment, to one of which nothing as claimed can have come, or to one with the part that ends otherwise. Undefined where nothing is known against it.
 */
export function attestationCharge(
  job: VerifiableJob,
  opened: OpenedOrder,
  { ends, wrongPart }: Pick<Finding, 'ends' | 'wrongPart'>,
  { link, position, audit }: OthersAttestation,
): GameCharge | undefined {
  const { claimHash, unit, claim } = opened.audited
  const { checkpoints } = job.document.spec.schedule
  // It is to what the unit claimed before it was done again, or since: who audited that knows.
  if (audit.claim !== claimHash) return undefined
  const about = { ...unitCharge(job, link.anchor, opened, wrongPart ?? 0), position }
  const isTraining = unit.kind === 'train'
  if (audit.segment > (isTraining ? checkpoints : 1)) return about
  const impossible = isTraining ? impossibleParts(job.provable, claim) : []
  const part = impossible.find(one => isPartOf(audit.segment, one, checkpoints))
  if (part !== undefined) return { ...about, part }
  // A unit that began elsewhere may lead from there to where it says.
  if (wrongPart === undefined || ends.length === 0) return undefined
  return isTraining && !isPartOf(audit.segment, wrongPart, checkpoints) ? undefined : about
}
