/**
 * Every kind of message: how it travels, how large it may be, what it says. SPEC: docs/spec/messages.md "Kinds".
 * What a role does on hearing one is in `roles/`.
 */
import { z } from 'zod'
import type { Unit } from '../units.ts'
import { move } from './moves.ts'
import {
  account,
  accountSignature,
  amount,
  attestation,
  auditedUnit,
  bits,
  blobId,
  bytes,
  commitment,
  divergence,
  ends,
  type Fixed,
  hash,
  index,
  multiaddresses,
  peerAddress,
  peerAddresses,
  presentHash,
  reason,
  salt,
  signature,
  signedCommitment,
  signedEvaluation,
  stepReveal,
  unit,
} from './records.ts'
import { MAX_REVEAL_BYTES } from './reveal-size.ts'

/** `direct` is a stream between two peers; the others are gossip topics. Sequences are counted per channel. */
export type Channel = 'direct' | 'presence' | 'commitments'

interface KindRule<Body extends z.ZodType> {
  readonly channel: Channel
  /** Whether the envelope names a job. */
  readonly scope: 'job' | 'network'
  /** Most bytes of a whole message of this kind. */
  readonly maxBytes: number
  readonly body: Body
  /** Units that the body speaks of; they must be of the envelope's job. */
  readonly units?: (body: z.output<Body>) => readonly Unit[]
}

const KIB = 1024
const MIB = 1024 * KIB

/** Of one unit: of its worker, and of as many doers as terms may ask for. */
const MOST_SEALS = 8

const rule = <Body extends z.ZodType>(fields: KindRule<Body>): KindRule<Body> => fields

const direct = <Body extends z.ZodType>(maxBytes: number, body: Body, units?: KindRule<Body>['units']) =>
  rule({ channel: 'direct', scope: 'job', maxBytes, body, ...(units === undefined ? {} : { units }) })

/** Between two nodes, of no job. */
const asked = <Body extends z.ZodType>(body: Body) =>
  rule({ channel: 'direct', scope: 'network', maxBytes: 4 * KIB, body })

const presence = z.strictObject({
  address: account,
  owner: account,
  role: z.enum(['worker', 'coordinator', 'verifier']),
  /** Asked per 10^12 operations. */
  price: amount,
  memoryBytes: index,
  threads: index,
  operationsPerSecond: index,
  addresses: multiaddresses,
  leaving: z.boolean(),
})

/** What a worker shows the chain if its unit is left out, signed by the coordinator's account: docs/spec/anchors.md "Inclusion". */
const signedLease = z.strictObject({
  /** Of the coordinator's lease on the job. */
  epoch: index,
  /** In the seconds of blocks. */
  until: index,
  /** Accounts: of those who shall keep what the unit leaves behind, the first that are asked. */
  custodians: z.array(account).max(16),
  signature: accountSignature,
})

const lease = z.strictObject({
  lease: index,
  unit,
  deadlineMs: index,
  document: blobId,
  /** Absent while the round's start is not agreed: the worker's own outer step says it. */
  globalRoot: hash.exactOptional(),
  /** Absent before a replica's first unit, which starts from zeros. */
  replicaRoot: hash.exactOptional(),
  /** The replica's unit in the round before, which left it there: its claim is among those that led to the global state. */
  before: commitment.exactOptional(),
  /** Of the replicas' units that led to the global state, in their order: what is signed names them. */
  claims: z.array(hash).max(1 << 16),
  sources: z.array(z.strictObject({ root: blobId, peers: peerAddresses })).max(64),
  custodians: peerAddresses,
  custodiansNeeded: index,
  /** Of training units that somebody answers for as they come: not of evaluations, nor where all is compared first. */
  signed: signedLease.exactOptional(),
})

/** What a doer is asked: a unit that somebody else has in lease, from its start. */
const doUnit = z.strictObject({
  unit,
  /** Account of the unit's worker. */
  worker: account,
  deadlineMs: index,
  document: blobId,
  globalRoot: hash,
  /** Absent before a replica's first unit, which starts from zeros. */
  replicaRoot: hash.exactOptional(),
  /** Of the replicas' units that led to the global state, in their order. */
  claims: z.array(hash).max(1 << 16),
  sources: z.array(z.strictObject({ root: blobId, peers: peerAddresses })).max(64),
})

/** A closed list: the worker's seal, then the doers'. Nobody opens under another one of that epoch. */
const openList = z.strictObject({
  unit,
  /** Of the coordinator's lease on the job. */
  epoch: index,
  list: z
    .array(z.strictObject({ account, seal: hash }))
    .min(1)
    .max(MOST_SEALS),
})

const commit = z.discriminatedUnion('outcome', [
  z.strictObject({ outcome: z.literal('trained'), lease: index, commitment: signedCommitment }),
  z.strictObject({ outcome: z.literal('evaluated'), lease: index, evaluation: signedEvaluation }),
  /** A training unit; an evaluation that left the domain is an evaluation. */
  z.strictObject({
    outcome: z.literal('diverged'),
    lease: index,
    unit,
    diverged: divergence,
    /** What its worker answers for. */
    commitment: signedCommitment,
  }),
])

const closed = z.strictObject({
  document: blobId,
  round: index,
  /** In replica order. */
  units: z.array(signedCommitment).max(1 << 16),
  /** Where the first of them that left the domain did. */
  diverged: divergence.exactOptional(),
  startRoot: hash,
  sources: peerAddresses,
})

const report = z.strictObject({
  round: index,
  outcome: z.union([z.strictObject({ globalRoot: presentHash }), z.strictObject({ diverged: divergence })]),
  /** By the reporter's account, over the outer step: to no root at all where it left the domain. */
  signature: accountSignature,
})

const audit = auditedUnit.extend({
  claim: hash,
  /** What the work is said to lead to; now and then made up, to see who looks (docs/spec/audits.md "Planted faults"). */
  ends,
})

/** A move in a dispute, in the position with that turn, signed by its account over the position that it leads to. */
const game = z.strictObject({ game: index, turn: bits, move, signature: accountSignature })

const noted = z.discriminatedUnion('about', [
  z.strictObject({ about: z.literal('commit'), kind: unit.shape.kind, round: index, replica: index }),
  z.strictObject({ about: z.literal('report'), round: index }),
  z.strictObject({ about: z.literal('release'), lease: index }),
  z.strictObject({ about: z.literal('pinned') }),
  auditedUnit.extend({ about: z.literal('attest') }),
  auditedUnit.extend({ about: z.literal('revealed') }),
])

const KINDS = {
  presence: rule({ channel: 'presence', scope: 'network', maxBytes: 8 * KIB, body: presence }),
  committed: rule({
    channel: 'commitments',
    scope: 'job',
    maxBytes: 128 * KIB,
    body: signedCommitment,
    units: body => [body.commitment.unit],
  }),
  submitted: direct(MIB, z.strictObject({ document: bytes })),
  pin: direct(
    512 * KIB,
    z.strictObject({ document: blobId, roots: z.array(blobId).max(1024), sources: peerAddresses }),
  ),
  pinned: direct(128 * KIB, z.strictObject({ roots: z.array(blobId).max(1024) })),
  lease: direct(MIB, lease, body => [body.unit]),
  measure: asked(z.strictObject({ seed: bits })),
  measured: asked(z.strictObject({ seed: bits, root: hash })),
  progress: direct(4 * KIB, z.strictObject({ lease: index, done: index, lossBits: bits })),
  release: direct(4 * KIB, z.strictObject({ lease: index, reason })),
  keep: direct(128 * KIB, z.strictObject({ commitment, holder: peerAddress }), body => [body.commitment.unit]),
  kept: direct(
    4 * KIB,
    z.strictObject({
      ...{ unit, updateRoot: blobId, newReplicaRoot: blobId, account, signature },
      /** By the account: that it keeps what the claim names. */
      claimSignature: accountSignature,
    }),
    body => [body.unit],
  ),
  commit: direct(256 * KIB, commit, unitsOfCommit),
  closed: direct(4 * MIB, closed, body => body.units.map(({ commitment }) => commitment.unit)),
  report: direct(4 * KIB, report),
  anchored: direct(4 * MIB, z.strictObject({ round: index, document: bytes })),
  ended: direct(
    4 * KIB,
    z.strictObject({ outcome: z.enum(['finished', 'cancelled', 'diverged', 'failed']), reason: z.string().max(1000) }),
  ),
  noted: direct(4 * KIB, noted),
  audit: direct(4 * KIB, audit),
  attest: direct(MAX_REVEAL_BYTES, attestation, body => [body.unit]),
  reveal: direct(4 * KIB, auditedUnit),
  revealed: direct(MAX_REVEAL_BYTES, stepReveal),
  game: direct(128 * KIB, game),
  do: direct(MIB, doUnit, body => [body.unit]),
  seal: direct(4 * KIB, z.strictObject({ unit, account, seal: hash }), body => [body.unit]),
  open: direct(4 * KIB, openList, body => [body.unit]),
  opened: direct(4 * KIB, z.strictObject({ unit, account, root: hash, salt }), body => [body.unit]),
  agree: direct(256 * KIB, z.strictObject({ commitment: signedCommitment }), body => [body.commitment.commitment.unit]),
  agreed: direct(
    4 * KIB,
    z.strictObject({ unit, account, segment: index, claim: hash, claimSignature: accountSignature }),
    body => [body.unit],
  ),
  differs: direct(4 * KIB, z.strictObject({ unit, worker: account, root: hash }), body => [body.unit]),
} as const

export type MessageKind = keyof typeof KINDS

type Rules = { readonly [Kind in MessageKind]: KindRule<z.ZodType> }

/** What a message of each kind says. */
export type MessageBodies = { readonly [Kind in MessageKind]: Fixed<z.output<(typeof KINDS)[Kind]['body']>> }

/** Rules of every kind. */
export const MESSAGE_KINDS = KINDS as unknown as Rules

/** Most bytes of any message. */
export const MAX_MESSAGE_BYTES = Math.max(...Object.values(MESSAGE_KINDS).map(({ maxBytes }) => maxBytes))

export const isMessageKind = (text: string): text is MessageKind => Object.hasOwn(MESSAGE_KINDS, text)

function unitsOfCommit(body: z.output<typeof commit>): Unit[] {
  if (body.outcome === 'trained') return [body.commitment.commitment.unit]
  if (body.outcome === 'evaluated') return [body.evaluation.unit]
  return body.commitment === undefined ? [body.unit] : [body.unit, body.commitment.commitment.unit]
}
