/**
 * Entry `@cairn/engine/kernels`, for benchmarks: the wasm backend with kernels that are not those of cn1, such as a
 * float contraction to measure the quality of the integer one against (SPEC: numerics.md, quality bar).
 *
 * A second entry, because a float kernel must never be one argument away from a job: the main entry only knows `wasm`,
 * and no package imports this one. Kernels are replaced a launch at a time, with their memory, and not through the
 * panels of the integer kernels: these can then be tuned without a thought for benchmarks.
 */
export type { Code } from './backend/wasm/assembler.ts'
export { wasmOf } from './backend/wasm/backend.ts'
export { emitCanonVector, emitFlag, type KernelSource, pushOffset } from './backend/wasm/kernel.ts'
export { cn1Kernels, type Kernels, type LaunchContext, matrixView } from './backend/wasm/launch-kernels.ts'
export { ownerOf } from './backend/wasm/memory-plan.ts'
export type { MatrixView } from './backend/wasm/quantise-kernel.ts'
export { broadcastStrides, isQuantised } from './tensor-type.ts'
