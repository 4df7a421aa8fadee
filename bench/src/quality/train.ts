/** One run: initial weights from the seed, all steps, and the mean loss on the validation windows, in one arithmetic. */
import { type Backend, floatOfBits } from '@cairn/engine'
import { sha256 } from '@cairn/primitives'
import { createExecutor, type Dataset, type Executor, type JobProgram, type Outcome, type State } from '@cairn/training'

function settled<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new Error(`The run diverged: ${JSON.stringify(outcome.diverged)}.`)
}

/** Runs the only unit up to its last step and takes the weights from there, before they become a quantised update. */
async function trained(executor: Executor, global: State, steps: number): Promise<State> {
  let state: State | undefined
  const outcome = await executor.runUnit({
    round: 0,
    replica: 0,
    global,
    replicaState: new Map(),
    onStep: async ({ done, progress }) => {
      if (done < steps) return undefined
      state = progress().checkpoint
      return 'stop'
    },
  })
  if (outcome !== undefined) settled(outcome)
  return state!
}

/** Trains a job of one unit and returns its validation loss in nats per token. */
export async function validationLoss(program: JobProgram, dataset: Dataset, backend: Backend): Promise<number> {
  const executor = createExecutor(program, dataset, { backend, hash: sha256 })
  try {
    const initial = settled(await executor.initialState())
    const last = await trained(executor, initial, program.spec.schedule.innerSteps)
    return floatOfBits(settled(await executor.evaluate(last)).lossBits)
  } finally {
    await executor.close()
  }
}
