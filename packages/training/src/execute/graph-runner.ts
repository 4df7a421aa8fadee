/** Compiles a program's graphs when they are first needed, runs them, and names the operator where one diverged. */
import { type Backend, bytesOf, type CompileOptions, type Executable, type Graph, type RunResult } from '@cairn/engine'
import type { HashFunction } from '@cairn/primitives'
import type { GraphName } from '../compile/graph-names.ts'
import type { JobProgram } from '../compile/program.ts'
import type { Outcome } from './outcome.ts'

export interface ExecutorOptions extends CompileOptions {
  readonly backend: Backend
  readonly hash: HashFunction
}

export interface GraphRunner {
  executable(name: GraphName): Promise<Executable>
  /** Compiles a fresh copy that can tell which operator diverged; the caller closes it. */
  unfused(name: GraphName): Promise<Executable>
  /** Writes all inputs and runs once; when that diverges, runs it again unfused to name the operator. */
  runOnce(name: GraphName, inputs: ReadonlyMap<string, Uint8Array>): Promise<Outcome<Executable>>
  memoryBytes(): number
  close(): Promise<void>
}

/** Names an operator by its place in program order and what it is. */
export function operatorName({ nodes }: Graph, result: RunResult): string {
  const id = result.ok ? -1 : (result.operator ?? -1)
  return `${id} ${nodes[id]?.operator ?? 'unknown'}`
}

function writeAndRun(e: Executable, inputs: ReadonlyMap<string, Uint8Array>): RunResult {
  for (const [name, bytes] of inputs) e.write(name, bytes)
  return e.run()
}

export function graphRunner({ graphs }: JobProgram, options: ExecutorOptions): GraphRunner {
  // Every compiled graph has threads of its own; those that run once a round are not worth them.
  const optionsFor = (name: GraphName) => (name === 'inner' ? options : { ...options, threads: 1 })
  const compiled = new Map<GraphName, Executable>()
  const runner: GraphRunner = {
    async executable(name) {
      const known = compiled.get(name)
      if (known !== undefined) return known
      const fresh = await options.backend.compile(graphs[name], optionsFor(name))
      compiled.set(name, fresh)
      return fresh
    },
    unfused: name => options.backend.compile(graphs[name], { ...optionsFor(name), lowering: 'unfused' }),
    async runOnce(name, inputs) {
      const e = await runner.executable(name)
      if (writeAndRun(e, inputs).ok) return { ok: true, value: e }
      const slow = await runner.unfused(name)
      const result = writeAndRun(slow, inputs)
      await slow.close()
      return { ok: false, diverged: { graph: name, operator: operatorName(graphs[name], result) } }
    },
    memoryBytes: () => [...compiled.values()].reduce((sum, e) => sum + e.memoryBytes, 0),
    async close() {
      await Promise.all([...compiled.values()].map(e => e.close()))
      compiled.clear()
    },
  }
  return runner
}

/** The random key of a step: seed, replica, step. */
export const keyBytes = (seed: number, replica: number, step: number): Uint8Array =>
  bytesOf(Int32Array.of(seed | 0, replica, step))

export const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Reads the first word of a tensor as an unsigned integer, such as the bits of a loss. */
export const firstWord = ({ buffer, byteOffset }: Uint8Array): number =>
  new DataView(buffer, byteOffset, 4).getUint32(0, true)

/** Reads all words of a tensor as unsigned integers. */
export function wordsOf({ buffer, byteOffset, length }: Uint8Array): number[] {
  const view = new DataView(buffer, byteOffset, length)
  return Array.from({ length: length / 4 }, (_, i) => view.getUint32(4 * i, true))
}
