/** States of a job between memory and blobs. */
import { type HashHex, IntegrityError } from '@cairn/primitives'
import {
  checkpointSlots,
  globalSlots,
  replicaSlots,
  type State,
  stateFromParts,
  stateParts,
  type TensorSlot,
  updateSlots,
  zeroState,
} from '@cairn/training'
import type { Blobs, ReadyJob } from './prepared-jobs.ts'
import { missing } from './problems.ts'
import type { StateCache } from './state-cache.ts'

type StateKind = 'global' | 'replica' | 'update' | 'checkpoint'

const slots: Record<StateKind, (job: ReadyJob) => readonly TensorSlot[]> = {
  global: ({ program }) => globalSlots(program.model),
  replica: ({ program }) => replicaSlots(program.model, program.spec.outer.innerState),
  update: ({ program }) => updateSlots(program.model),
  checkpoint: ({ program }) => checkpointSlots(program.model),
}

export const STATE_KINDS = Object.keys(slots) as StateKind[]

/** What is read unchecked, or not as a whole, is not remembered either. */
export interface ReadOptions {
  readonly verify?: boolean
}

interface LoadOptions extends ReadOptions {
  /** Names of the tensors that are needed; the others need not be here. */
  readonly names?: readonly string[]
}

export interface States {
  /** Throws when the blob is not here. */
  load(job: ReadyJob, kind: StateKind, root: HashHex, options?: LoadOptions): Promise<State>
  /** Reads a state of one of these kinds; undefined when the blob is not here or is no such state of the job. */
  find(job: ReadyJob, kinds: readonly StateKind[], root: HashHex, options?: ReadOptions): Promise<State | undefined>
  /** Writes a state as a blob. */
  keep(job: ReadyJob, kind: StateKind, state: State): Promise<HashHex>
  /** Writes a checkpoint, which can be computed again if it is lost. */
  keepCheckpoint(job: ReadyJob, state: State): Promise<HashHex>
  /** The state of a replica that has done nothing yet. */
  fresh(job: ReadyJob): { readonly state: State; readonly root: HashHex }
}

export function createStates(blobs: Blobs, cache: StateCache): States {
  return {
    async load(job, kind, root, { verify = true, names } = {}) {
      const known = cache.get(keyOf(job, kind, root))
      if (known !== undefined) return known
      const parts = await (names === undefined
        ? blobs.read(root, { verify })
        : blobs.readParts(root, names, { verify }))
      if (parts === undefined) throw missing(root)
      const needed = slots[kind](job).filter(({ name }) => names?.includes(name) ?? true)
      const state = stateFromParts(needed, parts)
      if (state === undefined) throw otherBlob(kind, root)
      if (verify && names === undefined) cache.put(keyOf(job, kind, root), state)
      return state
    },
    async find(job, kinds, root, options) {
      const known = kinds.map(kind => cache.get(keyOf(job, kind, root))).find(state => state !== undefined)
      if (known !== undefined) return known
      const parts = await blobs.read(root, options)
      if (parts === undefined) return undefined
      return kinds.reduce<State | undefined>(
        (state, kind) => state ?? stateFromParts(slots[kind](job), parts),
        undefined,
      )
    },
    async keep(job, kind, state) {
      const id = await blobs.write(stateParts(slots[kind](job), state))
      cache.put(keyOf(job, kind, id), state)
      return id
    },
    keepCheckpoint: (job, state) => blobs.write(stateParts(slots.checkpoint(job), state), { isDurable: false }),
    fresh: job => ({ state: zeroState(slots.replica(job)), root: job.provable.freshReplicaRoot }),
  }
}

/** SAFETY: who names a state of another kind, or of another job, is not given it because it was of use there. */
const keyOf = (job: ReadyJob, kind: StateKind, root: HashHex): string => `${job.id}/${kind}/${root}`

const otherBlob = (kind: StateKind, root: HashHex): IntegrityError =>
  new IntegrityError('state.form', 'This blob is not a state of the job.', {
    path: root,
    expected: `a blob with the tensors of a ${kind} state`,
    found: 'other parts',
    fix: 'Refuse the lease; its coordinator named another blob.',
  })
