/** What contracts have to know of a job to judge work on it: its terms hold the hash. SPEC: docs/spec/disputes.md. */
import type { HashFunction } from '@cairn/primitives'
import type { JobDocument, ProvableJob } from '@cairn/protocol'
import type { JobProgram } from '../compile/program.ts'
import { replicaSlots, rootOfState, zeroState } from '../execute/state.ts'

/** Gathers it from a job's document and program. */
export function provableOf(
  hash: HashFunction,
  { blobs, initialRoot }: Pick<JobDocument, 'blobs' | 'initialRoot'>,
  { spec, model, programRoot, leaves }: JobProgram,
): ProvableJob {
  const { seed, schedule, outer, evaluation } = spec
  const slots = replicaSlots(model, outer.innerState)
  return {
    programRoot,
    programLeaves: leaves.length,
    dataRoot: blobs.data,
    initialRoot,
    freshReplicaRoot: rootOfState(hash, slots, zeroState(slots)),
    isReplicaKept: outer.innerState === 'keep',
    seed,
    innerSteps: schedule.innerSteps,
    checkpoints: schedule.checkpoints,
    evaluationBatches: evaluation.batches,
  }
}
