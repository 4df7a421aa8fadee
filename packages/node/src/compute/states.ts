/** States of a job between memory and blobs. */
import { type HashFunction, type HashHex, IntegrityError } from '@cairn/primitives'
import {
  checkpointSlots,
  globalSlots,
  replicaSlots,
  rootOfState,
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

/** What is read unchecked is not remembered either. */
export interface ReadOptions {
  readonly verify?: boolean
}

export interface States {
  /** Throws when the blob is not here. */
  load(job: ReadyJob, kind: StateKind, root: HashHex, options?: ReadOptions): Promise<State>
  /** Reads a state of whatever kind; undefined when the blob is not here or is no state of the job. */
  find(job: ReadyJob, root: HashHex, options?: ReadOptions): Promise<State | undefined>
  /** Writes a state as a blob. */
  keep(job: ReadyJob, kind: StateKind, state: State): Promise<HashHex>
  /** Writes a checkpoint, which can be computed again if it is lost. */
  keepCheckpoint(job: ReadyJob, state: State): Promise<HashHex>
  /** The state of a replica that has done nothing yet. */
  fresh(job: ReadyJob): { readonly state: State; readonly root: HashHex }
}

export function createStates(blobs: Blobs, cache: StateCache, hash: HashFunction): States {
  return {
    async load(job, kind, root, { verify = true } = {}) {
      const known = cache.get(root)
      if (known !== undefined) return known
      const parts = await blobs.read(root, { verify })
      if (parts === undefined) throw missing(root)
      const state = stateFromParts(slots[kind](job), parts)
      if (state === undefined) throw otherBlob(kind, root)
      if (verify) cache.put(root, state)
      return state
    },
    async find(job, root, options) {
      const known = cache.get(root)
      if (known !== undefined) return known
      const parts = await blobs.read(root, options)
      if (parts === undefined) return undefined
      const kinds = Object.values(slots)
      return kinds.reduce<State | undefined>((state, of) => state ?? stateFromParts(of(job), parts), undefined)
    },
    async keep(job, kind, state) {
      const id = await blobs.write(stateParts(slots[kind](job), state))
      cache.put(id, state)
      return id
    },
    keepCheckpoint: (job, state) => blobs.write(stateParts(slots.checkpoint(job), state), { isDurable: false }),
    fresh(job) {
      const state = zeroState(slots.replica(job))
      return { state, root: rootOfState(hash, slots.replica(job), state) }
    },
  }
}

const otherBlob = (kind: StateKind, root: HashHex): IntegrityError =>
  new IntegrityError('state.form', 'This blob is not a state of the job.', {
    path: root,
    expected: `a blob with the tensors of a ${kind} state`,
    found: 'other parts',
    fix: 'Refuse the lease; its coordinator named another blob.',
  })
