export { gradients } from './autodiff.ts'
export { reference } from './backend/reference/backend.ts'
export { wasm } from './backend/wasm/backend.ts'
export {
  asF32,
  type Backend,
  bytesOf,
  type CompileOptions,
  type Executable,
  type Lowering,
  type RunResult,
} from './backend.ts'
export { exponential, integerPower, logarithm, power, sineCosine, squareRootOf } from './constants.ts'
export { type Graph, type GraphBuilder, graphBuilder, input, type Node, type Tensor } from './graph.ts'
export type { OperatorAttributes, OperatorName } from './operators/attributes.ts'
export { operationCount } from './operators/operation-counts.ts'
export { NORMAL_SUM_DEVIATION } from './operators/programs.ts'
export { sizeBytes } from './quantised-layout.ts'
export { bitsOf, floatOfBits } from './scalar/program.ts'
export * from './tensor-functions.ts'
export {
  BLOCK,
  blockCount,
  type DType,
  elementCount,
  type QuantisedDType,
  type Shape,
  type TensorType,
} from './tensor-type.ts'
