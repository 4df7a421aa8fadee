/** What a second implementation of what disputes say to contracts answers to (docs/spec/disputes.md). Committed in vectors/network. */
import { type HashHex, sha256 } from '@cairn/primitives'
import {
  applyMove,
  evaluatedClaim,
  type JobId,
  type Move,
  type Opening,
  openPosition,
  type Position,
  type Proof,
  type ProvableJob,
  type Rules,
  type Subject,
  type UnitClaim,
} from '@cairn/protocol'
import { claimHash } from '../claim-hash.ts'
import { chargeForm } from '../dispute/charge-form.ts'
import { moveForm } from '../dispute/move-form.ts'
import { provableHash } from '../dispute/open-game.ts'
import { positionDigest, positionState } from '../dispute/sign-position.ts'

const hash = (digits: string): HashHex => digits.repeat(32) as HashHex
const many = (count: number, first: number): HashHex[] =>
  Array.from({ length: count }, (_, i) => hash((first + i).toString(16).padStart(2, '0')))

const job: ProvableJob = {
  ...{ programRoot: hash('11'), programLeaves: 500, dataRoot: hash('12'), initialRoot: hash('13') },
  ...{ freshReplicaRoot: hash('14'), isReplicaKept: true, seed: 7, innerSteps: 40, checkpoints: 2 },
  evaluationBatches: 3,
}

const claim: UnitClaim = {
  ...{ globalRoot: hash('21'), replicaRoot: hash('22'), updateRoot: hash('23'), newReplicaRoot: hash('24') },
  ...{ checkpointRoots: [hash('25'), hash('26')], lossBits: 0x40490fdb, stepsRoot: hash('27'), saltHash: hash('28') },
}

const opening = (index: number): Opening => ({
  ...{ index, content: Uint8Array.of(index, 0, 255), path: many(index, 0x31) },
})

const proof: Proof = {
  ...{ kind: 'element', program: opening(2), code: Uint8Array.of(1, 2, 3), at: 9, claimed: opening(0) },
  source: { root: hash('41'), path: [] },
  operands: [
    { input: 1, leaf: opening(1) },
    { input: 0, tensor: { root: hash('42'), path: [hash('43')] }, leaf: opening(2) },
  ],
  partials: [opening(1)],
}

const MOVES: readonly Move[] = [
  { move: 'runs', roots: many(2, 0x51) },
  { move: 'reveal', hashes: many(3, 0x51) },
  { move: 'reveal', hashes: many(2, 0x51), operatorLeaf: opening(1) },
  { move: 'content', content: Uint8Array.of(0, 1, 2) },
  { move: 'witness', proof: { kind: 'flag', code: new Uint8Array(0), at: 0, operands: [], partials: [] } },
  { move: 'overflow', element: 7, hashes: many(1, 0x51), operatorLeaf: opening(2) },
  { move: 'pick', child: 15 },
  { move: 'target', target: 1 },
  { move: 'element', element: 1_023 },
  { move: 'prove', proof },
  { move: 'concede' },
]

const subject: Subject = {
  ...{ job: hash('61') as string as JobId, round: 3, replica: 1, seed: job.seed, innerSteps: job.innerSteps },
  ...{ programRoot: job.programRoot, programLeaves: job.programLeaves, dataRoot: job.dataRoot },
  ...{ graph: 'inner', firstOperator: 2, operators: 300, previous: hash('25'), globalRoot: claim.globalRoot },
  ...{ replicaRoot: claim.replicaRoot, updateRoots: [], firstStep: 140, runs: 20 },
  targets: [{ firstSlot: 302, slots: 5, root: hash('26') }],
}

/** Down to one operator. Nothing of it is judged. */
const GAME: readonly Move[] = [
  { move: 'runs', roots: [...many(15, 0x71), hash('26')] },
  { move: 'pick', child: 3 },
  { move: 'runs', roots: [hash('81'), hash('74')] },
  { move: 'pick', child: 1 },
  { move: 'reveal', hashes: many(2, 0x91) },
  { move: 'pick', child: 1 },
]

const [chainId, disputes, game] = [31_337, `0x${'d'.repeat(40)}`, 5] as const

function positionCases(): object[] {
  const rules = { hash: sha256, referee: { operator: () => undefined, judge: () => false } } as unknown as Rules
  let position: Position = openPosition(subject)
  const caseOf = (after: Move | null): object => {
    const digest = positionDigest({ chainId, addresses: { disputes } }, { game, subject, position })
    return { of: 'position', after, position, state: positionState(subject, position), digest }
  }
  const first = { of: 'game', chainId, disputes, game, subject }
  const others = GAME.map(move => {
    const moved = applyMove(rules, subject, position, move)
    if (moved.result !== 'moved') throw new Error(JSON.stringify(moved))
    position = moved.position
    return caseOf(move)
  })
  position = openPosition(subject)
  return [first, caseOf(null), ...others]
}

function chargeCase(): object {
  const charge = { part: 1, job, claims: [claim], claimsBefore: [], contents: opening(0) }
  const link = { previousHead: hash('61'), previousRoot: hash('62'), previousClaims: hash('63') }
  const roots = { globalRoot: hash('64'), documentId: hash('65') }
  const about = { job: subject.job, coordinator: disputes, round: 3, works: [], audits: [] }
  const form = chargeForm({ anchor: { ...link, ...roots, ...about }, position: 0, isOuter: false, ...charge })
  return { of: 'charge', ...charge, opening: form[3] }
}

/** Lists the cases. */
export function disputeCases(): object[] {
  const evaluation = evaluatedClaim({
    globalRoot: hash('64'),
    lossBits: 1,
    stepsRoot: hash('66'),
    saltHash: hash('67'),
  })
  return [
    { of: 'provable', job, hash: provableHash(job) },
    ...[claim, evaluation].map(one => ({ of: 'claim', claim: one, hash: claimHash(one) })),
    chargeCase(),
    ...MOVES.map(move => ({ of: 'move', move, form: moveForm(move) })),
    ...positionCases(),
  ]
}
