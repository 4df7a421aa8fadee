/** The signatures in a receipt, with what they are over, for whoever can verify Ed25519, and those of accounts. */
import { decodeHex, type HashHex } from '@cairn/primitives'
import {
  commitmentStatement,
  custodyStatement,
  evaluationStatement,
  heldOf,
  type SignedCommitment,
  type VerifySignature,
} from '../messages.ts'
import { claimsIn } from '../round-document.ts'
import { type ClaimChecking, isClaimSigned, isEvaluationClaimSigned, isOuterSigned } from '../work-claims.ts'
import { roundDocumentOf, signedCommitmentOf, signedEvaluationOf } from './documents.ts'
import type { ReceiptBody, ReceiptRound } from './schema.ts'

export interface SignatureClaim {
  readonly path: string
  readonly publicKey: Uint8Array
  readonly statement: Uint8Array
  readonly signature: Uint8Array
}

const signed = (path: string, publicKey: string, statement: Uint8Array, signature: string): SignatureClaim => ({
  path,
  publicKey: decodeHex(publicKey),
  statement,
  signature: decodeHex(signature),
})

function commitmentSignatures({ commitment, worker, signature, custody }: SignedCommitment, path: string) {
  const held = heldOf(commitment)
  return [
    signed(`${path}.signature`, worker, commitmentStatement(commitment), signature),
    ...custody.map(({ peer, account, signature: by }, i) =>
      signed(`${path}.custody[${i}].signature`, peer, custodyStatement({ ...held, account }), by),
    ),
  ]
}

/** Lists every signature of a receipt by a node's key: none for a job that ran in one process. */
export function signatureClaims({ network, rounds }: Pick<ReceiptBody, 'network' | 'rounds'>): SignatureClaim[] {
  if (network === undefined) return []
  return rounds.flatMap((round, i) => {
    const evaluation = signedEvaluationOf(network.job, round)
    return [
      ...round.units.flatMap((unit, replica) => {
        const commitment = signedCommitmentOf(unit)
        return commitment ? commitmentSignatures(commitment, `rounds[${i}].units[${replica}]`) : []
      }),
      ...(evaluation
        ? [
            signed(
              `rounds[${i}].evaluation.signature`,
              evaluation.worker,
              evaluationStatement(evaluation),
              evaluation.signature,
            ),
          ]
        : []),
    ]
  })
}

/** Finds the first signature by a node's key that is not good; undefined when all are. */
export const badSignature = (
  verify: VerifySignature,
  receipt: Pick<ReceiptBody, 'network' | 'rounds'>,
): SignatureClaim | undefined =>
  signatureClaims(receipt).find(({ publicKey, statement, signature }) => !verify(publicKey, statement, signature))

/** Finds the place of the first signature by an account that is not good; undefined when all are. */
export function badAccountSignature(
  checking: ClaimChecking,
  { network, rounds, initialRoot }: Pick<ReceiptBody, 'network' | 'rounds' | 'initialRoot'>,
): string | undefined {
  let [before, startRoot]: [readonly HashHex[], HashHex] = [[], initialRoot]
  for (const [i, round] of network === undefined ? [] : rounds.entries()) {
    const bad = badInRound(checking, network!.job, round, before, startRoot)
    if (bad !== undefined) return `rounds[${i}].${bad}`
    const document = roundDocumentOf(network!.job, round)
    before = document ? claimsIn(checking, document).slice(0, round.units.length) : []
    startRoot = round.globalRoot
  }
  return undefined
}

function badInRound(
  checking: ClaimChecking,
  job: Parameters<typeof roundDocumentOf>[0],
  round: ReceiptRound,
  before: readonly HashHex[],
  startRoot: HashHex,
): string | undefined {
  const document = roundDocumentOf(job, round)
  if (document === undefined) return 'units' // claims of the receipt say what is missing
  const { units, outers, evaluation, globalRoot } = document
  const claims = claimsIn(checking, document).slice(0, units.length)
  const unit = units.findIndex(one => !isClaimSigned(checking, one, before))
  if (unit >= 0) return `units[${unit}].claimSignature`
  const step = { job, round: round.round, startRoot, claims, globalRoot }
  const outer = outers.findIndex(one => !isOuterSigned(checking, one, step))
  if (outer >= 0) return `outers[${outer}].signature`
  const isBad = evaluation !== undefined && !isEvaluationClaimSigned(checking, evaluation, claims)
  return isBad ? 'evaluation.claimSignature' : undefined
}
