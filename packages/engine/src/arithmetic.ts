/**
 * Entry `@cairn/engine/arithmetic`, for whoever holds another implementation of the scalar language to this one: its
 * table, its meaning, its WebAssembly. Single instructions only run here; a job runs whole graphs, by the main entry.
 */
export { moduleBuilder } from './backend/wasm/assembler.ts'
export { emitters, type ValueOpcode } from './backend/wasm/instruction-emitters.ts'
export { machineBuilder } from './backend/wasm/machine-program.ts'
export type { MapName, OperatorAttributes } from './operators/attributes.ts'
export { isSpecial } from './operators/operation-counts.ts'
export { elementProgram } from './operators/programs.ts'
export { CANON_HIGH_BITS, canonicalise, evaluateElement, evaluateInstructions } from './scalar/evaluate.ts'
export { checkIntervals } from './scalar/intervals.ts'
export { type Opcode, opcodes } from './scalar/program.ts'
export { stridesOf } from './tensor-type.ts'
export { INPUT_LENGTH, randomInputs, randomProgram } from './testing/random-programs.ts'
