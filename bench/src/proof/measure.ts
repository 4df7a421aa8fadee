/** Times units, what a worker adds to them so that they can be checked, and audits of their segments, by turns. */
import { randomBytes } from 'node:crypto'
import { type BlobStore, sha256 } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { type Commitment, commitSteps, type StepValues } from '@cairn/protocol'
import {
  checkpointSlots,
  replicaSlots,
  rootOfState,
  type State,
  stateFromParts,
  stateParts,
  type TensorSlot,
  updateSlots,
} from '@cairn/training'
import type { ProofJob } from './job.ts'
import type { Party } from './party.ts'

const CHECKPOINTS = 5
const EVERY_SECONDS = 15

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const began = performance.now()
  const value = await work()
  return { value, seconds: (performance.now() - began) / 1000 }
}

export interface MeasuredUnit {
  readonly commitment: Commitment
  readonly values: readonly StepValues[]
  readonly seconds: number
}

/** Does the unit of a replica in round 0. */
export async function unit(
  { compute }: Party,
  job: ProofJob,
  globalRoot: HashHex,
  replica: number,
): Promise<MeasuredUnit> {
  const { documentId: document } = job
  const work = {
    kind: 'runUnit',
    document,
    round: 0,
    replica,
    globalRoot,
    checkpointEverySeconds: EVERY_SECONDS,
  } as const
  const { value: answer, seconds } = await timed(() => compute.request(work))
  if (!answer.ok) throw new Error(`the unit was not done: ${answer.why}`)
  return { ...answer.value, seconds }
}

async function readState(blobs: BlobStore, slots: readonly TensorSlot[], root: HashHex): Promise<State> {
  const state = stateFromParts(slots, (await blobs.read(root)) ?? [])
  if (state === undefined) throw new Error(`no state ${root}`)
  return state
}

export interface CommitmentCost {
  /** Roots of checkpoints, update and replica state, and the leaves of all steps. */
  readonly hashingSeconds: number
  /** The same, the checkpoints inside the unit hashed while they are written to the disk, for audits to begin from. */
  readonly keptSeconds: number
}

/** Does again, on the same states, what a unit's worker does for its commitment alone. */
export async function commitments(
  { blobs }: Party,
  { program }: ProofJob,
  { commitment, values }: MeasuredUnit,
): Promise<CommitmentCost> {
  const { model, spec } = program
  const inner = checkpointSlots(model)
  const states = await Promise.all(commitment.checkpointRoots.slice(0, -1).map(root => readState(blobs, inner, root)))
  const ends = [
    [updateSlots(model), commitment.updateRoot],
    [replicaSlots(model, spec.outer.innerState), commitment.newReplicaRoot],
  ] as const
  const closing = await Promise.all(
    ends.map(async ([slots, root]) => [slots, await readState(blobs, slots, root)] as const),
  )
  const { seconds: innerSeconds } = await timed(async () => {
    for (const state of states) rootOfState(sha256, inner, state)
  })
  const { seconds: endSeconds } = await timed(async () => {
    // The last checkpoint's state is not kept; it is as large as the others.
    rootOfState(sha256, inner, states[0] as State)
    for (const [slots, state] of closing) rootOfState(sha256, slots, state)
    commitSteps(sha256, new Uint8Array(randomBytes(32)), values)
  })
  for (const root of commitment.checkpointRoots.slice(0, -1)) await blobs.delete(root)
  const { seconds: keepSeconds } = await timed(async () => {
    for (const state of states) await blobs.write(stateParts(inner, state), { isDurable: false })
  })
  return { hashingSeconds: innerSeconds + endSeconds, keptSeconds: keepSeconds + endSeconds }
}

export interface AuditCost {
  readonly transferSeconds: number
  readonly computeSeconds: number
}

/** Audits a segment as a verifier does: fetches what it begins from, and does it again. */
export async function audit(
  verifier: Party,
  worker: Party,
  { documentId: document }: ProofJob,
  { commitment, values }: MeasuredUnit,
  segment: number,
): Promise<AuditCost> {
  const { unit, globalRoot, replicaRoot, checkpointRoots } = commitment
  const start = checkpointRoots[segment - 1]
  const roots = [globalRoot, ...(start === undefined ? [] : [start])]
  const { seconds: transferSeconds } = await timed(async () => {
    for (const root of roots) {
      const fetched = await verifier.fetcher.fetch(root, [worker.address])
      if (!fetched.ok) throw new Error(`${fetched.code}: ${fetched.detail}`)
    }
  })
  const checkpoint = start === undefined ? {} : { checkpointRoot: start }
  const work = { kind: 'audit', document, unit, globalRoot, segment, ...checkpoint } as const
  const { value: answer, seconds: computeSeconds } = await timed(() => verifier.compute.request(work))
  if (!answer.ok) throw new Error(`the audit was not done: ${answer.why}`)
  const steps = values.length / CHECKPOINTS
  const isSame =
    JSON.stringify(answer.value.values) === JSON.stringify(values.slice(segment * steps, (segment + 1) * steps))
  if (answer.value.ends[0] !== checkpointRoots[segment] || !isSame) throw new Error(`another end than ${replicaRoot}'s`)
  for (const root of roots) await verifier.blobs.delete(root)
  return { transferSeconds, computeSeconds }
}
