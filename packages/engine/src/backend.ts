/**
 * What a backend must do. Every implementation stands in `backend/`; all of them compute the same bits, and the
 * conformance suite holds them to it.
 */
import type { Graph } from './graph.ts'

export interface CompileOptions {
  /** Threads that share the work; never changes a bit. Default 1. */
  readonly threads?: number
  /**
   * `fused` keeps only what is needed; `unfused` runs every operator by itself; `traced` also keeps every operator's
   * output readable through `traced()`. The meaning is that of the unfused graph (N4). Default `fused`.
   */
  readonly lowering?: Lowering
}

export type Lowering = 'fused' | 'unfused' | 'traced'

/**
 * Whether the graph ran without leaving the domain. `operator` is the first that raised `diverged`, in program order;
 * a fused run only knows that one did (run the step again unfused to learn which), and may have overwritten state.
 */
export type RunResult = { readonly ok: true } | { readonly ok: false; readonly operator?: number }

/** A compiled graph with its memory. Tensors cross this border as little-endian bytes, row-major. */
export interface Executable {
  /** Sets a named input. Throws when the size is not that of the input. */
  write(name: string, bytes: Uint8Array): void
  /**
   * Reads a named output or input; after a run, a carried input holds its new value. The result may be a view that
   * the next `run` or `write` overwrites: copy what you keep.
   */
  read(name: string): Uint8Array
  run(): RunResult
  /** Reads any operator's output after a run of a `traced` compilation. */
  traced(node: number): Uint8Array
  /** Bytes that the compiled graph holds. */
  readonly memoryBytes: number
  close(): Promise<void>
}

export interface Backend {
  readonly name: string
  compile(graph: Graph, options?: CompileOptions): Promise<Executable>
}

/** Views bytes as f32 without copying where the alignment allows it. */
export function asF32(bytes: Uint8Array): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice()
  return new Float32Array(buffer, byteOffset, byteLength / 4)
}

/** Views a typed array's bytes without copying. */
export function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
