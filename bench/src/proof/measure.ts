/** Times units, what a worker adds to them so that they can be checked, and audits of their segments, by turns. */
import { randomBytes } from 'node:crypto'
import { type BlobStore, openBlobStore, sha256 } from '@cairn/node/parts'
import type { HashFunction, HashHex } from '@cairn/primitives'
import { type Commitment, commitSteps, type StepValues } from '@cairn/protocol'
import {
  checkpointSlots,
  type JobProgram,
  replicaSlots,
  rootOfState,
  type State,
  startNames,
  stateFromParts,
  stateParts,
  type TensorSlot,
  updateSlots,
} from '@cairn/training'
import { median } from '../rows.ts'
import type { ProofJob } from './job.ts'
import type { Party, Source } from './party.ts'

const CHECKPOINTS = 5
const EVERY_SECONDS = 15
/** A verifier's audits are of different units: no segment begins from what the one before it has fetched. */
const ORDER = [0, 1, 4, 2, 3] as const
/** Hashing takes so little that one pause of another process would be most of it. */
const HASHINGS = 5

interface Spent {
  readonly seconds: number
  /** Of all threads of this process. */
  readonly cpuSeconds: number
}

async function timed<T>(work: () => Promise<T>): Promise<Spent & { readonly value: T }> {
  const [began, before] = [performance.now(), process.cpuUsage()]
  const value = await work()
  const { user, system } = process.cpuUsage(before)
  return { value, seconds: (performance.now() - began) / 1000, cpuSeconds: (user + system) / 1e6 }
}

export interface MeasuredUnit extends Spent {
  readonly commitment: Commitment
  readonly values: readonly StepValues[]
}

interface UnitPlace {
  readonly round: number
  readonly replica: number
  readonly globalRoot: HashHex
  readonly replicaRoot?: HashHex
}

/** Does a unit. */
export async function unit({ compute }: Party, job: ProofJob, place: UnitPlace): Promise<MeasuredUnit> {
  const { documentId: document } = job
  const work = { kind: 'runUnit', document, ...place, checkpointEverySeconds: EVERY_SECONDS } as const
  const { value: answer, ...spent } = await timed(() => compute.request(work))
  if (!answer.ok) throw new Error(`the unit was not done: ${answer.why}`)
  return { ...answer.value, ...spent }
}

async function usually(work: () => void): Promise<number> {
  const found: number[] = []
  for (let i = 0; i < HASHINGS; i++) found.push((await timed(async () => work())).seconds)
  return median(found)
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
  hash: HashFunction,
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
  const innerSeconds = await usually(() => {
    for (const state of states) rootOfState(hash, inner, state)
  })
  const endSeconds = await usually(() => {
    // The last checkpoint's state is not kept; it is as large as the others.
    rootOfState(hash, inner, states[0] as State)
    for (const [slots, state] of closing) rootOfState(hash, slots, state)
    commitSteps(sha256, new Uint8Array(randomBytes(32)), values)
  })
  for (const root of commitment.checkpointRoots.slice(0, -1)) await blobs.delete(root)
  const { seconds: keepSeconds } = await timed(async () => {
    const kept = await openBlobStore({ directory: blobs.directory, hash })
    for (const state of states) await kept.write(stateParts(inner, state), { isDurable: false })
  })
  return { hashingSeconds: innerSeconds + endSeconds, keptSeconds: keepSeconds + endSeconds }
}

/**
 * Of all segments of a unit, one after another as a verifier does them that always has one to do: every segment's states are
 * fetched while the one before it is done. So the clock starts with those of the first here, and the last one fetches them again.
 */
export interface AuditCost extends Spent {
  /** Of it, waiting for the compute thread. */
  readonly computeSeconds: number
  /** What giving the states costs whoever has them. */
  readonly servingSeconds: number
}

interface Input {
  readonly root: HashHex
  /** Names of the tensors that are needed; left out, all are. */
  readonly names?: readonly string[]
}

/** What a segment is done again from: all that steps carry; for a unit's first and last segment, some of what the unit began from. */
function inputsOf(
  { globalRoot, replicaRoot, checkpointRoots }: Commitment,
  { model }: JobProgram,
  segment: number,
): Input[] {
  const { global, replica } = startNames(model, { isLast: segment === CHECKPOINTS - 1 }, segment > 0)
  const start = [
    { root: globalRoot, names: global },
    { root: replicaRoot, names: replica },
  ]
  const checkpoint = segment > 0 ? checkpointRoots.slice(segment - 1, segment) : []
  return [...checkpoint.map(root => ({ root })), ...start.filter(({ names }) => names.length > 0)]
}

/** Audits all segments of a unit as a verifier does: it fetches for one while it does another. */
export async function audits(
  verifier: Party,
  source: Source,
  { documentId: document, program }: ProofJob,
  { commitment, values }: MeasuredUnit,
): Promise<AuditCost> {
  const { unit, globalRoot, replicaRoot, checkpointRoots } = commitment
  const fetch = async (segment: number): Promise<void> => {
    const fetches = inputsOf(commitment, program, segment).map(async ({ root, ...some }) => {
      const fetched = await verifier.fetcher.fetch(root, [source.address], { isDurable: false, ...some })
      if (!fetched.ok) throw new Error(`${fetched.code}: ${fetched.detail}`)
    })
    await Promise.all(fetches)
  }
  const again = async (segment: number): Promise<void> => {
    const start = checkpointRoots[segment - 1]
    const checkpoint = start === undefined ? {} : { checkpointRoot: start }
    const work = {
      kind: 'audit',
      document,
      unit,
      globalRoot,
      replicaRoot,
      segment,
      ...checkpoint,
      verify: false,
    } as const
    const answer = await verifier.compute.request(work)
    if (!answer.ok) throw new Error(`the audit was not done: ${answer.why}`)
    const steps = values.length / CHECKPOINTS
    const isSame =
      JSON.stringify(answer.value.values) === JSON.stringify(values.slice(segment * steps, (segment + 1) * steps))
    if (answer.value.ends[0] !== checkpointRoots[segment] || !isSame) throw new Error('another end than claimed')
  }
  let computeSeconds = 0
  await fetch(ORDER[0])
  const servedBefore = await source.cpuSeconds()
  const { seconds, cpuSeconds } = await timed(async () => {
    for (const [i, segment] of ORDER.entries()) {
      const next = fetch(ORDER[(i + 1) % CHECKPOINTS] as number)
      computeSeconds += (await timed(() => again(segment))).seconds
      await next
      for (const { root } of inputsOf(commitment, program, segment)) await verifier.blobs.delete(root)
    }
  })
  for (const root of [globalRoot, replicaRoot, ...checkpointRoots]) await verifier.blobs.delete(root)
  return { seconds, cpuSeconds, computeSeconds, servingSeconds: (await source.cpuSeconds()) - servedBefore }
}
