export { firstInadmissible, isAdmissible } from './admissible.ts'
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
  type Visit,
} from './backend.ts'
export { exponential, integerPower, logarithm, power, sineCosine, squareRootOf } from './constants.ts'
export { type Graph, type GraphBuilder, graphBuilder, input, type Node, type Tensor } from './graph.ts'
export type { OperatorAttributes, OperatorName } from './operators/attributes.ts'
export { operationCount } from './operators/operation-counts.ts'
export { philoxWords } from './operators/philox-program.ts'
export { NORMAL_SUM_DEVIATION } from './operators/programs.ts'
export { sizeBytes } from './quantised-layout.ts'
export { decodeElementProgram, encodeElementProgram } from './referee/element-code.ts'
export {
  isIndexOutOfRange,
  type Judgement,
  judgeDequantised,
  judgeMap,
  judgeQuantisedBlock,
  judgeValue,
  type OpenedRead,
} from './referee/judge-element.ts'
export { decodeJudgedOperator, encodeJudgedOperator } from './referee/judged-bytes.ts'
export {
  elementCode,
  type JudgedAccumulation,
  type JudgedInput,
  type JudgedOperator,
  type JudgedQuantise,
  judgeable,
} from './referee/judged-operator.ts'
export {
  hasPartials,
  type OperandValue,
  type PartialOperand,
  partialCount,
  partialOperands,
  partialValue,
} from './referee/partials.ts'
export { partialsOf } from './referee/partials-of.ts'
export { blockElements, blockOfElement, elementReads } from './referee/reads.ts'
export { sumOperands, sumPartialCount } from './referee/sum-order.ts'
export type { ElementInputs, Place } from './scalar/evaluate.ts'
export { type Language, language } from './scalar/language.ts'
export { bitsOf, type ElementProgram, type F32, floatOfBits, type I32, programBuilder } from './scalar/program.ts'
export { separateTransposes } from './separate-transposes.ts'
export * from './tensor-functions.ts'
export {
  BLOCK,
  blockCount,
  coordinatesOf,
  type DType,
  elementCount,
  type QuantisedDType,
  type Shape,
  type TensorType,
} from './tensor-type.ts'
