/** The signatures in a receipt, with what they are over, for whoever can verify Ed25519. */
import { decodeHex } from '@cairn/primitives'
import {
  claimOf,
  commitmentStatement,
  custodyStatement,
  evaluationStatement,
  type SignedCommitment,
  type VerifySignature,
} from '../messages.ts'
import { signedCommitmentOf, signedEvaluationOf } from './documents.ts'
import type { ReceiptBody } from './schema.ts'

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
  const statement = custodyStatement(claimOf(commitment))
  return [
    signed(`${path}.signature`, worker, commitmentStatement(commitment), signature),
    ...custody.map((one, i) => signed(`${path}.custody[${i}].signature`, one.peer, statement, one.signature)),
  ]
}

/** Lists every signature of a receipt: none for a job that ran in one process. */
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

/** Finds the first signature that is not good; undefined when all are. */
export const badSignature = (
  verify: VerifySignature,
  receipt: Pick<ReceiptBody, 'network' | 'rounds'>,
): SignatureClaim | undefined =>
  signatureClaims(receipt).find(({ publicKey, statement, signature }) => !verify(publicKey, statement, signature))
