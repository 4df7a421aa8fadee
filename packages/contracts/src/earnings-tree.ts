/**
 * The Merkle tree of a job's earnings, in the convention of OpenZeppelin's StandardMerkleTree (the contract checks it with
 * theirs). SPEC: docs/spec/earnings.md. An account has one leaf; leaves are put in the order of their accounts.
 */
import { type HashHex, InputError } from '@cairn/primitives'
import { type Account, addCounts, type EarningsLeaf, type EarningsTree, NO_HASH, noCounts } from '@cairn/protocol'
import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { fromBytes32, toBytes32 } from './chain/hex.ts'

const ENCODING = ['bytes32', 'address', 'uint64', 'uint64', 'uint64', 'uint64', 'uint64']

/** The order of accounts lets a contract see that each has one leaf. */
const IN_ORDER = { sortLeaves: false }

/** Builds the tree. Throws `InputError` (`RepeatedAccount`) when two leaves are of one account. */
export function earningsTree(leaves: readonly EarningsLeaf[]): EarningsTree {
  const ordered = [...leaves].sort((a, b) => (keyOf(a.account) < keyOf(b.account) ? -1 : 1))
  const indexes = new Map(ordered.map(({ account }, index) => [keyOf(account), index]))
  if (indexes.size !== ordered.length) throw repeatedAccount()
  const tree = ordered.length === 0 ? undefined : StandardMerkleTree.of(ordered.map(fieldsOf), ENCODING, IN_ORDER)
  return {
    root: tree ? fromBytes32(tree.root as Account) : NO_HASH,
    totals: ordered.reduce((sum, { counts }) => addCounts(sum, counts), noCounts),
    leaves: ordered,
    proofOf(account) {
      const index = indexes.get(keyOf(account))
      if (index === undefined) throw noLeaf(account)
      return tree!.getProof(index).map(hash => fromBytes32(hash as Account))
    },
  }
}

/** Tells whether a proof shows that the leaf is under the root, as the contract would. */
export const provesLeaf = (root: HashHex, leaf: EarningsLeaf, proof: readonly HashHex[]): boolean =>
  StandardMerkleTree.verify(toBytes32(root), ENCODING, fieldsOf(leaf), proof.map(toBytes32))

const fieldsOf = ({ job, account, counts }: EarningsLeaf): unknown[] => [
  toBytes32(job),
  account,
  counts.trained,
  counts.evaluated,
  counts.kept,
  counts.coordinated,
  counts.audited,
]

/** Addresses may be written with or without checksum capitals. */
const keyOf = (account: Account): string => account.toLowerCase()

const repeatedAccount = (): InputError =>
  new InputError('RepeatedAccount', 'Two leaves of a job are of one account.', {
    expected: 'one cumulative leaf per account',
    found: 'two',
    fix: 'Add their counts up.',
  })

const noLeaf = (account: Account): InputError =>
  new InputError('NoLeaf', 'This account has no leaf in the tree.', {
    expected: 'an account that earned something',
    found: account,
    fix: 'Ask for another account, or wait until its work is in an assertion.',
  })
