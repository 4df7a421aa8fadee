/** Assembles the receipt of a job of a network from the documents that it left behind. SPEC: docs/spec/receipt.md. */
import type { HashFunction } from '@cairn/primitives'
import {
  bytesId,
  documentId,
  encodeRoundDocument,
  type JobDocument,
  jobKey,
  type Payees,
  paymentsOf,
  type Receipt,
  type ReceiptNetwork,
  type ReceiptRound,
  type RoundDocument,
  receiptRoundOf,
  sealReceipt,
  specHash,
} from '@cairn/protocol'
import { describeWeights } from './weights-file.ts'

/** What a job of a network leaves behind. */
export interface NetworkReceiptParts {
  readonly document: JobDocument
  /** What the escrow was opened with. */
  readonly terms: ReceiptNetwork['terms']
  /** The contract for which accounts sign. */
  readonly anchors: ReceiptNetwork['anchors']
  /** All rounds, with where each is anchored. */
  readonly rounds: readonly {
    readonly document: RoundDocument
    readonly anchor?: NonNullable<ReceiptRound['anchor']>
  }[]
  readonly payees: Payees
  /** Attestations that the links of its chain pay for; of a job without audits, that there are none. */
  readonly audits: Receipt['audits']
  readonly disputes: Receipt['disputes']
  readonly diverged?: NonNullable<Receipt['diverged']>
  /** From the last global state; see `weightsFile`. */
  readonly weights: { readonly file: string; readonly bytes: Uint8Array }
}

function networkOf(hash: HashFunction, { document, terms, anchors }: NetworkReceiptParts): ReceiptNetwork {
  const { network, submitter, salt, vocabulary, blobs, cost } = document
  const id = documentId(hash, document)
  const from = { ...network, submitter, salt, vocabulary, blobs, cost, documentId: id }
  return { ...from, job: jobKey(submitter, id), anchors, terms }
}

/** Assembles and seals the receipt of a job of a network. Throws `IntegrityError` where its documents contradict each other. */
export function networkReceiptOf(hash: HashFunction, parts: NetworkReceiptParts): Receipt {
  const { document, diverged, audits, disputes } = parts
  const { spec, programRoot, data, initialRoot } = document
  const network = networkOf(hash, parts)
  const rounds = parts.rounds.map(({ document: round, anchor }) =>
    receiptRoundOf(round, { documentId: bytesId(hash, encodeRoundDocument(round)), ...(anchor && { anchor }) }),
  )
  return sealReceipt(hash, {
    format: 'cairn/receipt/v2',
    spec,
    specHash: specHash(hash, spec),
    programRoot,
    data,
    initialRoot,
    network,
    rounds,
    finalStateRoot: rounds.at(-1)?.globalRoot ?? initialRoot,
    ...(diverged && { diverged }),
    audits,
    disputes,
    payments: paymentsOf({ spec, rounds, audits }, network, parts.payees),
    weights: describeWeights(hash, parts.weights.file, parts.weights.bytes),
  })
}
