export { type ConformanceCase, makers, operatorCases } from './cases.ts'
export { checkCase, compareRuns, type Difference } from './compare.ts'
export { floats, integers, type Random, random } from './values.ts'
