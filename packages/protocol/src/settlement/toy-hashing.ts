/** Hashes with the properties of the chain's and another shape: a proof is the list of all leaf hashes, a root its hash. */
import { encodeCanonical, type HashFunction, type HashHex, hashFromHex, hashToHex } from '@cairn/primitives'
import type { JobId } from '../units.ts'
import {
  type EarningsLeaf,
  type EarningsTree,
  NO_HASH,
  type SettlementHashing,
  type SignatureCheck,
} from './hashing.ts'
import { type Account, addCounts, noCounts } from './terms.ts'
import type { Signature, SignedMessage } from './works.ts'

export const toyHashing = (hash: HashFunction): SettlementHashing & { readonly isSigned: SignatureCheck } => ({
  jobKey: (submitter, document) => digest(hash, ['job', submitter, hashFromHex(document)]) as string as JobId,
  claimHash: claim => digest(hash, ['claim', JSON.stringify(claim)]),
  claimsHash: claims => digest(hash, ['claims', ...claims]),
  anchorHead: anchor => digest(hash, ['anchor', JSON.stringify(anchor)]),
  rewindHead: (head, round) => digest(hash, ['rewind', head, round]),
  isSigned: (signer, message, signature) => toySign(hash)(signer, message) === signature,
  earningsTree: leaves => toyTree(hash, leaves),
  provesLeaf: (root, leaf, proof) => toyRoot(hash, proof) === root && proof.includes(toyLeaf(hash, leaf)),
})

/** Signs so that anybody could: signatures that serve where everybody is a function. */
export const toySign =
  (hash: HashFunction) =>
  (signer: Account, message: SignedMessage): Signature =>
    `0x${digest(hash, [signer, JSON.stringify(message)])}`

function toyTree(hash: HashFunction, unordered: readonly EarningsLeaf[]): EarningsTree {
  const leaves = [...unordered].sort((a, b) => (a.account < b.account ? -1 : 1))
  const proof = leaves.map(leaf => toyLeaf(hash, leaf))
  const totals = leaves.reduce((sum, { counts }) => addCounts(sum, counts), noCounts)
  return { root: toyRoot(hash, proof), totals, leaves, proofOf: () => proof }
}

const toyRoot = (hash: HashFunction, leaves: readonly HashHex[]): HashHex =>
  leaves.length === 0 ? NO_HASH : digest(hash, ['leaves', ...leaves])

function toyLeaf(hash: HashFunction, { job, account, counts }: EarningsLeaf): HashHex {
  const { trained, evaluated, kept, coordinated, audited } = counts
  return digest(hash, [job, account, trained, evaluated, kept, coordinated, audited])
}

const digest = (hash: HashFunction, parts: readonly unknown[]): HashHex => hashToHex(hash(encodeCanonical(parts)))
