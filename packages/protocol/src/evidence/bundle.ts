/**
 * The document that a game is judged again from: the link with the disputed work, the claims, what contracts know of the
 * job, every move that is known, and what the chain said of it. SPEC: docs/spec/evidence.md. Not here: the judgement.
 */
import { encodeCanonical } from '@cairn/primitives'
import { z } from 'zod'
import type { ProvableJob, UnitClaim } from '../dispute/claims.ts'
import { GRAPHS, type Subject } from '../dispute/subject.ts'
import { type Decoded, decodeDocument } from '../document.ts'
import { move, opening } from '../messages/moves.ts'
import { account as accountText, amount, bits, type Fixed, hash, index, unit } from '../messages/records.ts'
import type { Account } from '../settlement/terms.ts'
import type { Anchor, Signature } from '../settlement/works.ts'
import { MOST_CHECKPOINTS } from '../units.ts'
import { position } from './position-form.ts'

const account = accountText as z.ZodType<string> as z.ZodType<Account>
const signature = z.string().regex(/^0x([0-9a-f]{2}){0,65}$/) as z.ZodType<string> as z.ZodType<Signature>
const job = unit.shape.job
const side = z.enum(['defender', 'challenger'])
const transaction = z.string().regex(/^0x[0-9a-f]{64}$/)
const cost = z.strictObject({ transaction, gasUsed: index })
const hashes = z.array(hash).max(1 << 16)

const anchor = z.strictObject({
  ...{ job, previousHead: hash, previousRoot: hash, previousClaims: hash, globalRoot: hash, documentId: hash },
  ...{ coordinator: account, round: bits },
  works: z
    .array(
      z.strictObject({
        ...{ worker: account, index: bits, claim: hash, signature, outer: signature },
        custodians: z.array(account).max(64),
      }),
    )
    .max(1 << 16),
  audits: z
    .array(z.strictObject({ verifier: account, round: bits, index: bits, segment: bits, claim: hash, signature }))
    .max(1 << 16),
}) satisfies z.ZodType<Anchor>

const provableJob = z.strictObject({
  ...{ programRoot: hash, programLeaves: bits, dataRoot: hash, initialRoot: hash, freshReplicaRoot: hash },
  ...{ isReplicaKept: z.boolean(), seed: bits, innerSteps: bits, checkpoints: bits, evaluationBatches: bits },
}) satisfies z.ZodType<ProvableJob>

const claim = z.strictObject({
  ...{ globalRoot: hash, replicaRoot: hash, updateRoot: hash, newReplicaRoot: hash },
  checkpointRoots: z.array(hash).max(MOST_CHECKPOINTS),
  ...{ lossBits: bits, stepsRoot: hash, saltHash: hash },
}) satisfies z.ZodType<UnitClaim>

const subject = z.strictObject({
  ...{ job, round: bits, replica: bits, programRoot: hash, programLeaves: bits, graph: z.enum(GRAPHS) },
  ...{ firstOperator: bits, operators: bits, previous: hash.exactOptional(), globalRoot: hash, replicaRoot: hash },
  ...{ updateRoots: hashes, dataRoot: hash, seed: bits, innerSteps: bits, firstStep: bits, runs: bits },
  targets: z.array(z.strictObject({ firstSlot: bits, slots: bits, root: hash })).max(4),
}) satisfies z.ZodType<Subject>

/** A move that was made on the chain. */
const madeOnChain = z.strictObject({
  ...{ by: side, move, transaction, gasUsed: index },
  /** Where it went on from a position that the other side had signed elsewhere. */
  resumed: z.strictObject({ position, signature }).exactOptional(),
})

/** A move that was said by a message: its side has signed the position that it leads to. */
const said = z.strictObject({ by: side, move, signature })

const evidence = z.strictObject({
  format: z.literal('cairn/evidence/v1'),
  chain: z.strictObject({ chainId: index, disputes: account, escrow: account, registry: account }),
  game: index,
  challenger: account,
  defender: account,
  /** Of the link, as the chain holds it. */
  head: hash,
  anchor,
  /** In the link: its works come first, then its attestations. */
  position: bits,
  isOuter: z.boolean(),
  /** By the terms on the chain. */
  replicas: bits,
  part: bits,
  /** What the terms on the chain hold of `job`. */
  provable: hash,
  job: provableJob,
  claims: z
    .array(claim)
    .min(1)
    .max(1 << 16),
  /** Those of all replicas in the round before, if the challenger brought them. */
  claimsBefore: z.array(claim).max(1 << 16),
  contents: opening,
  subject,
  /** Those that are known, from the game's first position, which follows from the subject. */
  moves: z.array(z.union([madeOnChain, said])).max(1024),
  result: z.discriminatedUnion('by', [
    /** `silence`: the side whose turn it was let its clock run out. `charge`: what the challenger brought was enough. */
    z.strictObject({ winner: side, by: z.enum(['start', 'charge', 'proof', 'witness', 'concession', 'silence']) }),
    /** Another game had refuted the claim. */
    z.strictObject({ by: z.literal('dissolved') }),
  ]),
  opened: cost.exactOptional(),
  /** By the last move, unless that did not end it. */
  ended: cost.exactOptional(),
  money: z
    .strictObject({ bond: amount, loser: account, winner: account, reward: amount, burned: amount, rest: amount })
    .exactOptional(),
})

export type Evidence = Fixed<z.output<typeof evidence>>

const MAX_BYTES = 16 * 2 ** 20

/** Encodes a bundle. */
export const encodeEvidence = (bundle: Evidence): Uint8Array => encodeCanonical(bundle)

/** Decodes a bundle from anybody. Never throws. */
export const decodeEvidence = (bytes: Uint8Array): Decoded<Evidence> => decodeDocument(evidence, bytes, MAX_BYTES)
