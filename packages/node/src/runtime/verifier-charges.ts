/** From what a verifier found to be wrong to a game on the chain. SPEC: docs/spec/disputes.md. */
import type { GameCharge } from '@cairn/contracts'
import type { Anchor, UnitClaim } from '@cairn/protocol'
import type { OpenedOrder } from './verifier-audit.ts'
import type { VerifiableJob } from './verifier-sources.ts'

/** Refusals that stay: this account can open no game about the claim any more, or need not. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  ...['NotDisputable', 'ChallengeWindowOver', 'BadRecord', 'NoClaim', 'ClaimLost', 'AlreadyChallenged'],
  ...['OtherClaim', 'BadContents', 'BadPart'],
])

export const isFinalRefusal = (code: string): boolean => FINAL_CODES.has(code)

/** Charges a part of a unit, or that the claim is refuted by itself there, as one is that does not begin where it had to. */
export function unitCharge(
  { provable: job, contents }: VerifiableJob,
  anchor: Anchor,
  { audited: { position, claim }, before }: OpenedOrder,
  part: number,
  isBySelf = false,
): GameCharge {
  const about = { anchor, position, isOuter: false, job, contents }
  return { ...about, part, claims: [claim], claimsBefore: isBySelf ? before : [] }
}

/** Charges an outer step, of the first worker that has signed it. */
export function outerCharge(
  { provable: job, contents }: VerifiableJob,
  anchor: Anchor,
  claims: readonly UnitClaim[],
): GameCharge {
  const position = anchor.works.findIndex(({ outer }) => outer !== '0x')
  return { anchor, position, isOuter: true, part: 0, job, claims, claimsBefore: [], contents }
}
