/**
 * Schemas of the records that messages carry: units, commitments, signatures, addresses of peers. Strict and bounded at
 * every level; integers only. SPEC: docs/spec/messages.md "Records". In bodies, hashes, keys and signatures are
 * lower-case hex.
 */
import type { HashHex } from '@cairn/primitives'
import { z } from 'zod'
import type { BlobId } from '../blobs.ts'
import { NO_HASH } from '../settlement/hashing.ts'
import { type JobId, MOST_CHECKPOINTS, type SaltedCommitment } from '../units.ts'

/** Makes a type read-only at every level; bytes stay bytes. */
export type Fixed<T> = T extends string | number | boolean | undefined | Uint8Array
  ? T
  : { readonly [Key in keyof T]: Fixed<T[Key]> }

const hex = <T extends string>(digits: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`)) as z.ZodType<string> as z.ZodType<T>

export const hash = hex<HashHex>(64)
/** A root that somebody says follows: none is zero, which stands for what is not there. */
export const presentHash = hash.refine(root => root !== NO_HASH, { error: 'must not be zero' })
export const blobId = hex<BlobId>(64)
/** A node's Ed25519 public key. */
export const publicKey = hex<string>(64)
export const signature = hex<string>(128)
/** By an account, over what a contract can check (EIP-712): 65 bytes. */
export const accountSignature = hex<string>(130)
/** An account on the chain. */
export const account = z.string().regex(/^0x[0-9a-f]{40}$/)
export const index = z.int().min(0)
export const bits = z.int().min(0).max(0xffff_ffff)
/** Amounts of money: canonical decimals, since they may exceed an integer of the encoding. */
export const amount = z.string().regex(/^(0|[1-9][0-9]{0,77})$/)
export const reason = z.string().max(200)
export const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array)
export const salt = bytes.refine(({ length }) => length === 32)

/** Where something listens. Only its form is looked at here; dialling it may fail. */
const multiaddress = z.string().regex(/^\/[\x21-\x7e]{1,255}$/)
export const multiaddresses = z.array(multiaddress).max(16)

export const peerAddress = z.strictObject({ peer: publicKey, addresses: multiaddresses })
export const peerAddresses = z.array(peerAddress).max(64)

export const unit = z.strictObject({
  job: hex<JobId>(64),
  round: index,
  replica: index,
  kind: z.enum(['train', 'evaluate']),
})

export const commitment = z.strictObject({
  unit,
  globalRoot: hash,
  replicaRoot: hash,
  updateRoot: hash,
  newReplicaRoot: hash,
  checkpointRoots: z.array(hash).max(MOST_CHECKPOINTS),
  lossBits: bits,
  stepsRoot: hash,
  saltHash: hash,
}) satisfies z.ZodType<SaltedCommitment>

const custody = z.strictObject({ peer: publicKey, account, signature })

/** An account's signature over an outer step. */
export const outerSignature = z.strictObject({ account, signature: accountSignature })

export const signedCommitment = z.strictObject({
  commitment,
  worker: publicKey,
  signature,
  /** Of the worker, on the chain. */
  account,
  claimSignature: accountSignature,
  custody: z.array(custody).max(16),
})

export const divergence = z.strictObject({
  graph: z.string().min(1).max(64),
  operator: z.string().min(1).max(1024),
  step: index.exactOptional(),
})

export const signedEvaluation = z.strictObject({
  unit,
  globalRoot: hash,
  lossBits: bits,
  correct: index,
  total: index,
  stepsRoot: hash,
  saltHash: hash,
  /** Where it left the domain; the loss and what is counted are zero then. */
  diverged: divergence.exactOptional(),
  worker: publicKey,
  signature,
  account,
  claimSignature: accountSignature,
})

/** An audited segment; `index` is the work's in its anchor: the replica, or the number of replicas for an evaluation. */
export const auditedUnit = z.strictObject({ round: index, index, segment: index })

/** Roots that a segment ends with: of a checkpoint; of what the unit leaves behind after the last. */
export const ends = z.array(hash).min(1).max(4)

/** Steps of a unit: a job with more would not fit into a message either. */
const MOST_STEPS = 1 << 16

/** What a verifier found, as it travels: signed by its node's key over `attestationStatement`. */
export const attestation = z.strictObject({
  unit,
  index,
  segment: index,
  claim: hash,
  ends,
  steps: z.array(hash).max(MOST_STEPS),
  /** Of the verifier, on the chain. */
  account,
  signature,
  /** Of the account, over what the chain pays for and holds it to: that the claimed ends follow. Absent where they do not. */
  claimSignature: accountSignature.exactOptional(),
})

/** What a worker opens of a segment. */
export const stepReveal = auditedUnit.extend({
  salt,
  values: z.array(z.strictObject({ lossBits: bits, normBits: z.array(bits).max(1 << 20) })).max(MOST_STEPS),
  others: z.array(hash).max(MOST_STEPS),
})

/** Where a node can be reached: its public key in hex, and multiaddresses. */
export type PeerAddress = Fixed<z.output<typeof peerAddress>>

/**
 * A custodian's signature over `custodyStatement`: it holds a unit's update and new replica state on disk, and this is the
 * account to pay.
 */
export type Custody = Fixed<z.output<typeof custody>>

/**
 * A commitment as it travels: with its worker's signature over `commitmentStatement`, that of its account over the claim,
 * and those of its custodians.
 */
export type SignedCommitment = Fixed<z.output<typeof signedCommitment>>

/** What a worker found by evaluating a round's global state, with signatures like those of a commitment. */
export type SignedEvaluation = Fixed<z.output<typeof signedEvaluation>>

/** A verifier's word on a segment, signed by its node's key, and by its account. */
export type SignedAttestation = Fixed<z.output<typeof attestation>>

/** An account's signature over an outer step: whoever has done the round answers for what came of it. */
export type OuterSignature = Fixed<z.output<typeof outerSignature>>
