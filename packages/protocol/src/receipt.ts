/**
 * The receipt: what a submitter gets beside the weights, and what anyone can check offline. SPEC: docs/spec/receipt.md.
 * A job in one process was neither signed nor paid; one of a network has its signatures and payments in it.
 * Not here: re-execution, and reading the weights file; `training` does both.
 */
import {
  decodeUtf8,
  encodeCanonical,
  equal,
  type HashFunction,
  type HashHex,
  hashToHex,
  IntegrityError,
} from '@cairn/primitives'
import { encodeCanonicalJson } from './canonical-json.ts'
import { formatPath, type KeyPath } from './key-path.ts'
import type { Claim } from './receipt/claim.ts'
import { claims } from './receipt/claims.ts'
import { firstDifference } from './receipt/first-difference.ts'
import { type Receipt, type ReceiptBody, receiptSchema } from './receipt/schema.ts'

export { jobDocumentOf, receiptRoundOf } from './receipt/documents.ts'
export { countWork, type Payees, paymentsOf, receiptTerms } from './receipt/payments.ts'
export type { Payment, Receipt, ReceiptBody, ReceiptNetwork, ReceiptRound, ReceiptUnit } from './receipt/schema.ts'
export { badAccountSignature, badSignature, type SignatureClaim, signatureClaims } from './receipt/signatures.ts'

/**
 * Adds the digest to a finished receipt: the hash of the canonical CBOR of everything else.
 * Throws `IntegrityError` (`receipt.claim`) when parts of it contradict each other.
 */
export function sealReceipt(hash: HashFunction, body: ReceiptBody): Receipt {
  assertClaims(claims(hash, body))
  return { ...body, digest: digestOf(hash, body) }
}

/** Writes a receipt as canonical JSON: sorted keys, two spaces, a final newline, only integers and text. */
export const encodeReceipt = (receipt: Receipt): Uint8Array => encodeCanonicalJson(receipt)

/**
 * Reads a receipt and checks all that can be checked without doing the work again.
 * Throws `IntegrityError` with the path that differs: `receipt.json` (not JSON), `receipt.schema`, `receipt.bytes` (not
 * the canonical bytes of its value), `receipt.claim` (parts contradict each other) or `receipt.digest`.
 */
export function decodeReceipt(hash: HashFunction, bytes: Uint8Array): Receipt {
  const document = parseJson(bytes)
  const receipt = parseForm(document)
  assertCanonical(bytes, document, receipt)
  const { digest, ...body } = receipt
  assertClaims(claims(hash, body))
  if (digest !== digestOf(hash, body)) {
    throw damaged('receipt.digest', 'digest', digestOf(hash, body), digest)
  }
  return receipt
}

const digestOf = (hash: HashFunction, body: ReceiptBody): HashHex => hashToHex(hash(encodeCanonical(body)))

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes))
  } catch (cause) {
    throw damaged('receipt.json', '', 'a JSON document in UTF-8', 'other bytes', cause)
  }
}

function parseForm(document: unknown): Receipt {
  const result = receiptSchema.safeParse(document)
  if (result.success) return result.data
  const issue = result.error.issues[0]!
  const path: KeyPath = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path
  throw damaged('receipt.schema', formatPath(path), 'a receipt of the form cairn/receipt/v2', issue.message)
}

function assertCanonical(bytes: Uint8Array, document: unknown, receipt: Receipt): void {
  const canonical = encodeReceipt(receipt)
  if (equal(bytes, canonical)) return
  const path = firstDifference(document, receipt)
  const found = path ? 'another spelling of it' : 'other spacing, order or spelling'
  throw damaged('receipt.bytes', path ? formatPath(path) : '', 'the canonical bytes of the receipt', found)
}

function assertClaims(all: readonly Claim[]): void {
  const broken = all.find(({ expected, found }) => expected !== found)
  if (broken) throw damaged('receipt.claim', broken.path, String(broken.expected), String(broken.found))
}

const damaged = (code: string, path: string, expected: string, found: string, cause?: unknown): IntegrityError =>
  new IntegrityError(code, `The receipt is damaged or was changed at ${path || 'the document'}.`, {
    path: path || 'the document',
    expected,
    found,
    fix: 'Get the receipt again from where the job ran; do not trust this copy.',
    cause,
  })
