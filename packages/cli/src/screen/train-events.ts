/** A training as JSON, one object a line, for programs. */
import { floatOfBits } from '@cairn/engine'
import type { RunEvent, TrainOutcome } from '../run/train-job.ts'
import type { Screen } from './screen.ts'

/** Turns an event into what is printed; states stay inside. */
function jsonEvent(event: RunEvent): object {
  if (event.kind === 'prepared') {
    const { spec } = event.prepared.job
    const { programRoot } = event.prepared.program
    return { event: 'prepared', name: spec.name, out: event.out, programRoot, memoryBytes: event.memoryBytes }
  }
  if (event.kind === 'round') {
    const { round, globalRoot, evaluation } = event
    const found = evaluation && { validationLoss: floatOfBits(evaluation.lossBits), accuracy: evaluation.accuracy }
    return { event: 'round', round, globalRoot, ...found }
  }
  const { kind, ...rest } = event
  return { event: kind, ...rest }
}

/** Describes how a run ended. */
export function jsonOutcome(outcome: TrainOutcome, files: object): object {
  if (outcome.kind === 'stopped') return { event: 'stopped', ...files }
  const { finalStateRoot, diverged, rounds } = outcome.receipt
  const bits = rounds.at(-1)?.evaluation?.lossBits
  const validationLoss = bits === undefined ? undefined : floatOfBits(bits)
  return { event: outcome.kind, finalStateRoot, validationLoss, diverged, ...files }
}

/** Makes a listener that prints every event. */
export const trainEvents =
  (screen: Screen): ((event: RunEvent) => void) =>
  event =>
    screen.print(JSON.stringify(jsonEvent(event)))
