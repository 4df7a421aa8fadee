/**
 * Traces of real work for the games of `protocol`, by doing it again on demand. A whole game costs one pass over the
 * subject's runs, one run for the roots of its operators and one for the disputed operator. SPEC: docs/spec/traces.md.
 */
import type { Backend } from '@cairn/engine'
import { type HashFunction, hashToHex, merkleLeafHash, merkleProof } from '@cairn/primitives'
import type { Opening, Subject, TraceProvider } from '@cairn/protocol'
import type { JobProgram } from '../compile/program.ts'
import type { Dataset } from '../execute/dataset.ts'
import { executables } from './executables.ts'
import { flaggedAtom } from './flagged-atom.ts'
import { prove } from './prove.ts'
import { type ReadState, reExecution } from './re-execution.ts'
import { exclusive, latest } from './remember.ts'
import { type SubjectTrace, subjectTrace } from './subject-trace.ts'

export interface TraceOptions {
  readonly program: JobProgram
  readonly data: Dataset
  /** Bytes of the data's blob, for proofs about a batch. */
  readonly dataBytes: Uint8Array
  readonly hash: HashFunction
  readonly backend: Backend
  /** For inner steps. Default 1. */
  readonly threads?: number
  readonly readState: ReadState
  /** Bytes of states that may be kept between runs. Default 2^30. */
  readonly keepBytes?: number
}

export interface Traces extends TraceProvider {
  /** Runs of graphs done so far: inner steps, and the others, which are done once a round or less. */
  readonly runsDone: () => number
  close(): Promise<void>
}

const KEEP_BYTES = 2 ** 30
/** Subjects whose states are kept. */
const SUBJECTS = 2

/** Makes the provider of a job's traces. Calls wait for each other. */
export function createTraces(options: TraceOptions): Traces {
  const { program, hash, keepBytes = KEEP_BYTES } = options
  const graphs = executables(program, options)
  const inTurn = exclusive()
  const subjects = latest<SubjectTrace>(SUBJECTS)
  let done = 0
  const onRun = () => {
    done++
  }
  /** What is claimed of a subject's ends changes nothing of its trace. */
  const traceOf = (subject: Subject) =>
    subjects(JSON.stringify({ ...subject, targets: [] }), async () =>
      subjectTrace(reExecution({ ...options, executables: graphs, keepBytes, onRun }, subject), subject, hash),
    )
  const programHashes = program.leaves.map(leaf => merkleLeafHash(hash, leaf))
  const openProgram = (index: number): Opening => ({
    index,
    content: program.leaves[index] as Uint8Array,
    path: merkleProof(hash, programHashes, index).map(hashToHex),
  })
  return {
    endRoots: subject => inTurn(async () => (await traceOf(subject)).work.endRoots()),
    leafHashes: (subject, tree) => inTurn(async () => (await traceOf(subject)).leafHashes(tree)),
    leaf: (subject, tree, index) =>
      inTurn(async () => (await (await traceOf(subject)).leaves(tree))[index] as Uint8Array),
    operatorLeaf: async (subject, operator) => openProgram(subject.firstOperator + operator),
    flagged: (subject, run, operator) => inTurn(async () => flaggedAtom(await traceOf(subject), run, operator, hash)),
    prove: (subject, charge) =>
      inTurn(async () =>
        prove({ trace: await traceOf(subject), hash, openProgram, dataBytes: options.dataBytes }, charge),
      ),
    runsDone: () => done,
    close: () => inTurn(() => graphs.close()),
  }
}
