export { type DoubleTensor, evaluateInDouble } from '../testing/double-evaluator.ts'
export { makers, operatorCases } from './cases.ts'
export { checkCase, compare, type Difference, type Expectation, expectationOf } from './compare.ts'
export { divergingCases } from './diverging-cases.ts'
export { randomGraph } from './random-graphs.ts'
export type { ConformanceCase } from './sketch.ts'
export {
  type ConformanceOptions,
  type ConformanceProgress,
  type ConformanceReport,
  runConformance,
} from './suite.ts'
export { floats, integers, type Random, random } from './values.ts'
export { type GraphVector, graphOf, replay } from './vectors/graph-vectors.ts'
export { renderVectors, type VectorFile, vectorFile } from './vectors/notation.ts'
export { vectorFiles } from './vectors/vector-files.ts'
