/**
 * The record of a unit that its worker has put on the chain: the chain has the claim and where this is found, and whoever
 * coordinates the job takes the unit from it. SPEC: docs/spec/anchors.md "Inclusion".
 * Not here: whether its signatures are good (`isSignedCommitment`), and whether it is what was included.
 */
import { encodeCanonical } from '@cairn/primitives'
import { z } from 'zod'
import { type Decoded, decodeDocument } from './document.ts'
import { type SignedCommitment, signedCommitment } from './messages/records.ts'

/** As much as the message that carries a commitment. */
const MAX_BYTES = 128 * 1024

const includedUnit = z.strictObject({ format: z.literal('cairn/included/v1'), commitment: signedCommitment })

/** Encodes the record. */
export const encodeIncludedUnit = (commitment: SignedCommitment): Uint8Array =>
  encodeCanonical({ format: 'cairn/included/v1', commitment })

/** Decodes a record from a peer. Never throws. */
export function decodeIncludedUnit(bytes: Uint8Array): Decoded<SignedCommitment> {
  const decoded = decodeDocument(includedUnit, bytes, MAX_BYTES)
  return decoded.ok ? { ...decoded, document: decoded.document.commitment } : decoded
}
