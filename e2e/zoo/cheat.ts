/** What a kind of cheat is, and how it becomes a backend. The kinds stand in `inner-cheats.ts` and its neighbours. */
import type { Backend, Graph } from '@cairn/engine'
import type { JobSpec, SubjectGraph } from '@cairn/protocol'
import type { Dataset } from '@cairn/training'
import { type BackendLie, lyingBackend } from './lying-backend.ts'

/** The job that is cheated, and in which round; lies about all steps are told in all rounds. */
export interface CheatedJob {
  readonly spec: JobSpec
  readonly data: Dataset
  readonly round: number
}

export interface Cheat {
  readonly name: string
  /** For people: what it does. */
  readonly description: string
  readonly graph: SubjectGraph
  /** The first step that it lies about, counted from the job's begin; 0 in graphs without steps. */
  readonly firstStep: (job: CheatedJob) => number
  readonly lie: (job: CheatedJob, graph: Graph) => BackendLie
}

/** Makes the backend of a worker that cheats and is honest otherwise. */
export const dishonestBackend = (backend: Backend, { graph: wanted, lie }: Cheat, job: CheatedJob): Backend =>
  lyingBackend(backend, (name, graph) => (name === wanted ? lie(job, graph) : undefined))

/** The step in the middle of the round's units. */
export const middleStep = ({ spec, round }: CheatedJob): number => {
  const { innerSteps } = spec.schedule
  return round * innerSteps + Math.floor(innerSteps / 2)
}
