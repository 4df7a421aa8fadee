/** Compiled graphs of a job for traces: fused ones to run on, unfused ones to look into. They stay until `close`. */
import type { Backend, CompileOptions, Executable } from '@cairn/engine'
import type { GraphName } from '../compile/graph-names.ts'
import type { JobProgram } from '../compile/program.ts'

export interface Executables {
  get(graph: GraphName, lowering: 'fused' | 'unfused'): Promise<Executable>
  close(): Promise<void>
}

/** Compiles graphs when they are first needed. */
export function executables(
  { graphs }: Pick<JobProgram, 'graphs'>,
  { backend, threads = 1 }: { readonly backend: Backend; readonly threads?: CompileOptions['threads'] },
): Executables {
  const compiled = new Map<string, Promise<Executable>>()
  return {
    get(graph, lowering) {
      const key = `${graph} ${lowering}`
      // Every compiled graph has threads of its own; those that run once a round are not worth them.
      const options = { lowering, threads: graph === 'inner' ? threads : 1 }
      const known = compiled.get(key) ?? backend.compile(graphs[graph], options)
      compiled.set(key, known)
      return known
    },
    async close() {
      const all = await Promise.all(compiled.values())
      compiled.clear()
      await Promise.all(all.map(e => e.close()))
    },
  }
}
