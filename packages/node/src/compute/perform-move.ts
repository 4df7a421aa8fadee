/** Moves in disputes on the compute thread: found by doing what is disputed again. SPEC: docs/spec/disputes.md. */
import type { HashFunction, HashHex } from '@cairn/primitives'
import { challenge, defend, type Move } from '@cairn/protocol'
import { createReferee, createTraces, type Traces } from '@cairn/training'
import type { ReadyJob } from './prepared-jobs.ts'
import { STATE_KINDS, type States } from './states.ts'
import type { MoveWork } from './work.ts'

export interface Moves {
  find(job: ReadyJob, work: MoveWork): Promise<Move>
}

/** Makes what finds moves. The traces of the job asked for last stay: a game asks many times about the same runs. */
export function moveFinder(states: States, hash: HashFunction, threads: number): Moves {
  const rules = { hash, referee: createReferee(hash) }
  let last: { readonly job: ReadyJob; readonly traces: Traces } | undefined

  async function tracesOf(job: ReadyJob): Promise<Traces> {
    if (last?.job === job) return last.traces
    await last?.traces.close()
    const { program, dataset: data, dataBytes, backend } = job
    // Nobody keeps the state of a replica that has done nothing yet: it is empty.
    const fresh = states.fresh(job)
    const readState = async (root: HashHex) => (root === fresh.root ? fresh.state : states.find(job, STATE_KINDS, root))
    last = { job, traces: createTraces({ program, data, dataBytes, hash, backend, threads, readState }) }
    return last.traces
  }

  return {
    async find(job, { side, subject, position, shown }) {
      const traces = await tracesOf(job)
      return side === 'defender'
        ? defend(rules, traces, subject, position)
        : challenge(rules, traces, subject, position, shown)
    },
  }
}
