/** Bundles of evidence: read from a file or from the chain, written, and judged again without a network. */
import { evidenceChecking, readGame, readGameEvidence } from '@cairn/contracts'
import { readWhole, sha256, writeWhole } from '@cairn/node/files'
import { InputError } from '@cairn/primitives'
import { decodeEvidence, type Evidence, type EvidenceJudgement, encodeEvidence, judgeEvidence } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { findDispute } from './dispute.ts'
import type { OpenChain } from './open-chain.ts'

type Chain = OpenChain['client']

export const referee = createReferee(sha256)

/** Judges a bundle by the real referee, and by the hashes and signatures of contracts. */
export const judgeAgain = (bundle: Evidence): EvidenceJudgement =>
  judgeEvidence({ hash: sha256, referee, ...evidenceChecking }, bundle)

/** Reads a bundle. Throws `InputError` (`MissingFile`, `NotReadable`, `BadEvidence`). */
export async function readEvidence(path: string): Promise<Evidence> {
  const decoded = decodeEvidence(await readWhole(path, '`cairn dispute export` writes one.'))
  if (decoded.ok) return decoded.document
  throw new InputError('BadEvidence', 'This is no bundle of evidence.', {
    path,
    expected: 'a document of cairn/evidence/v1',
    found: `${decoded.path} ${decoded.found}`.trim(),
    fix: 'Name a file that `cairn dispute export` or a node has written, or ask whoever made it for another copy.',
  })
}

/** Writes a bundle, at once. Throws `ResourceError` (`DiskFull`, `NotWritable`). */
export const writeEvidence = (path: string, bundle: Evidence): Promise<void> => writeWhole(path, encodeEvidence(bundle))

const notOver = (number: string, found: string): InputError =>
  new InputError('DisputeOpen', 'The dispute is not over yet: there is nothing to judge again.', {
    path: number,
    expected: 'a dispute that has ended',
    found,
    fix: '`cairn dispute show` shows it so far; try again when its clock has run out at the latest.',
  })

const hiddenCall = (transaction: string): InputError =>
  new InputError('HiddenCall', 'A transaction of this dispute went by way of another contract.', {
    path: transaction,
    expected: 'a call of the contract of disputes',
    found: 'a call of another contract, which does not tell what it passed on',
    fix: 'Ask who played it: nodes keep the evidence of disputes that they won in `evidence/` of their directory.',
  })

/** Reads what the chain tells of a dispute, if it is over and can be read. */
export async function findEvidence(chain: Chain, game: number): Promise<Evidence | undefined> {
  const read = await readGameEvidence(chain, game)
  return read.ok ? read.evidence : undefined
}

/** Reads what the chain tells of a dispute that is over. Throws `InputError` (`UnknownDispute`, `DisputeOpen`, `HiddenCall`). */
export async function evidenceOf(chain: Chain, number: string): Promise<Evidence> {
  const { game } = await findDispute(chain, number)
  const read = await readGameEvidence(chain, game)
  if (read.ok) return read.evidence
  if (read.why === 'hidden') throw hiddenCall(read.transaction)
  const { toMove = 'defender', endsAtSeconds = 0 } = await readGame(chain, game)
  throw notOver(number, `it is the ${toMove}'s turn until ${new Date(endsAtSeconds * 1000).toISOString()}`)
}
