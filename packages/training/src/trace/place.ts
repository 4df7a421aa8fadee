/** The place of a run, and the tensors that follow from it alone. SPEC: docs/spec/program.md "Sources". */
import { bytesOf } from '@cairn/engine'
import type { Subject } from '@cairn/protocol'
import type { Counter } from '../compile/sources.ts'

export interface Place {
  readonly seed: number
  readonly replica: number
  /** Inner steps from the job's begin; in an evaluation, batches. */
  readonly step: number
  readonly round: number
  readonly innerSteps: number
}

/** Finds the place of a subject's run. */
export const placeOfRun = ({ seed, replica, round, innerSteps, firstStep }: Subject, run: number): Place => ({
  seed,
  replica,
  step: firstStep + run,
  round,
  innerSteps,
})

const counters: { readonly [C in Counter]: (place: Place) => readonly number[] } = {
  step: ({ step }) => [step],
  key: ({ seed, replica, step }) => [seed, replica, step],
  roundsDone: ({ round }) => [round + 1],
  stepsDone: ({ round, innerSteps }) => [(round + 1) * innerSteps],
}

/** Returns the bytes of a tensor that follows from the place. */
export const counterAt = (counter: Counter, place: Place): Uint8Array =>
  bytesOf(Int32Array.from(counters[counter](place), value => value | 0))
