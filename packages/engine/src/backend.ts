/**
 * What a backend must do. Every implementation stands in `backend/`; all of them compute the same bits, and the
 * conformance suite holds them to it.
 */
import { InternalError } from '@cairn/primitives'
import type { Graph } from './graph.ts'

export interface CompileOptions {
  /** Threads that share the work; never changes a bit. Default 1. */
  readonly threads?: number
  /**
   * `fused` keeps only what is needed; `unfused` runs every operator by itself, in program order, and can show each
   * output to a visitor. The meaning is that of the unfused graph (N4). Default `fused`.
   */
  readonly lowering?: Lowering
}

export type Lowering = 'fused' | 'unfused'

/**
 * Sees an operator's output, in the canonical bytes that `read` gives. They are valid during the call only: the next
 * operator may overwrite them.
 */
export type Visit = (node: number, bytes: Uint8Array) => void

/**
 * Whether the graph ran without leaving the domain. `operator` is the first that raised `diverged`, in program order;
 * an unfused run stops there, with its carried inputs as they were. A fused run only knows that one did (run the step
 * again unfused to learn which), and may have overwritten state.
 */
export type RunResult = { readonly ok: true } | { readonly ok: false; readonly operator?: number }

/** A compiled graph with its memory. Tensors cross this border as little-endian bytes, row-major. */
export interface Executable {
  /** Sets a named input. Throws when the size is not that of the input. One that no operator writes leaves the domain in `run`. */
  write(name: string, bytes: Uint8Array): void
  /**
   * Reads a named output or input; after a run, a carried input holds its new value. The result may be a view that
   * the next `run` or `write` overwrites: copy what you keep.
   */
  read(name: string): Uint8Array
  /**
   * Runs the graph once. `visit` sees the output of every operator in program order, inputs (a carried one with the
   * value it had before the run), constants and reshapes included; of a run that diverged, those before the operator
   * that did. Only unfused compilations can be visited.
   */
  run(visit?: Visit): RunResult
  /** Bytes that the compiled graph holds. */
  readonly memoryBytes: number
  close(): Promise<void>
}

export interface Backend {
  readonly name: string
  compile(graph: Graph, options?: CompileOptions): Promise<Executable>
}

/** Throws when a fused compilation is asked for what it does not compute. */
export function assertVisitable(lowering: Lowering, visit: Visit | undefined): void {
  if (visit === undefined || lowering === 'unfused') return
  throw new InternalError('NotVisitable', 'a fused run has no operators to visit', {
    expected: 'a compilation with the lowering unfused',
    found: lowering,
  })
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
