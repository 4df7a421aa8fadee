/** Messages as nobody should make them: every field of the wire form can be chosen. SPEC: docs/spec/messages.md. */
import { encodeCanonical, type HashHex, hashFromHex } from '@cairn/primitives'
import { type JobId, type MessageSigner, nextSequence } from '@cairn/protocol'

export interface Forgery {
  readonly network: HashHex
  readonly kind: string
  /** Left out, a number that was not used before. */
  readonly sequence?: number
  readonly job?: JobId
  readonly body: unknown
  /** Whose key the message names. */
  readonly signer: MessageSigner
  /** Who signs instead. */
  readonly forger?: MessageSigner
}

let last = 0

/** Seals a message without looking at what it says. */
export function forge({ network, kind, sequence, job, body, signer, forger = signer }: Forgery): Uint8Array {
  last = nextSequence(last, Date.now())
  const jobHash = job === undefined ? null : hashFromHex(job)
  const envelope = encodeCanonical([1, hashFromHex(network), kind, sequence ?? last, jobHash, body])
  return encodeCanonical([envelope, signer.publicKey, forger.sign(envelope)])
}
