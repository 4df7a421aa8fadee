/**
 * Compiles all graphs of a job before its first step, so that memory is known in full before anything is spent. The
 * executor, which compiles what it first needs, is then handed what is ready.
 */
import type { Backend, CompileOptions, Executable, Graph } from '@cairn/engine'
import type { JobProgram } from '@cairn/training'
import { assertDeclared, assertFreeMemory, stateBytes, tooLarge } from './memory.ts'

export interface Precompiled {
  readonly backend: Backend
  /** What the compiled graphs hold, and the inner step alone. */
  readonly graphBytes: number
  readonly stepBytes: number
  /** Graphs and states together. */
  readonly totalBytes: number
  close(): Promise<void>
}

const closeAll = async (executables: Iterable<Executable>): Promise<void> => {
  await Promise.all([...executables].map(each => each.close()))
}

/** Throws `ResourceError` (`TooLittleMemory`) as soon as the sum of what is compiled does not fit. */
export async function precompile(backend: Backend, program: JobProgram, options: CompileOptions): Promise<Precompiled> {
  const ready = new Map<Graph, Executable>()
  const graphBytes = () => [...ready.values()].reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const totalBytes = () => graphBytes() + stateBytes(program)
  try {
    for (const graph of Object.values(program.graphs)) {
      // As the executor will ask for them: threads only for the steps that run all the time.
      const threads = graph === program.graphs.inner ? (options.threads ?? 1) : 1
      ready.set(graph, await backend.compile(graph, { ...options, threads }))
      assertFreeMemory(totalBytes())
    }
    assertDeclared(program.spec, totalBytes())
  } catch (error) {
    await closeAll(ready.values())
    throw tooLarge(error)
  }
  const inner = ready.get(program.graphs.inner) as Executable
  const all = [...ready.values()]
  return {
    backend: {
      name: backend.name,
      async compile(graph, wanted) {
        const known = (wanted?.lowering ?? 'fused') === 'fused' ? ready.get(graph) : undefined
        ready.delete(graph)
        return known ?? backend.compile(graph, wanted)
      },
    },
    graphBytes: graphBytes(),
    stepBytes: inner.memoryBytes,
    totalBytes: totalBytes(),
    close: () => closeAll(all),
  }
}
