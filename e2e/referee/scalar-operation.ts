/**
 * Scalar operations as the three implementations are asked for them: many cases of one operation at a time. The
 * operations are the opcodes that compute, and `canon` with its flag `diverged`.
 */
import { type Opcode, opcodes } from '@cairn/engine/arithmetic'

/** Opcodes that read, or choose what was read, are compared with whole elements. */
const READING = [
  'constantF32',
  'constantI32',
  'coordinate',
  'loadF32',
  'loadI32',
  'gatherF32',
  'gatherI32',
  'selectF32',
  'selectI32',
] as const satisfies readonly Opcode[]
type ReadingOpcode = (typeof READING)[number]
export type ComputingOpcode = Exclude<Opcode, ReadingOpcode>
export type ScalarOperation = ComputingOpcode | 'canon' | 'diverged'

const isComputing = (opcode: Opcode): opcode is ComputingOpcode => !READING.some(reading => reading === opcode)
const computingOpcodes = (Object.keys(opcodes) as Opcode[]).filter(isComputing)
export const scalarOperations: readonly ScalarOperation[] = [...computingOpcodes, 'canon', 'diverged']

/** Cases of one operation; a case is the operands at one place of the two arrays, as words. */
export interface ScalarBatch {
  readonly operation: ScalarOperation
  /** Of `flush` and the shifts. */
  readonly immediate: number | undefined
  readonly operands: readonly [Uint32Array, Uint32Array]
}

export const operandTypes = (operation: ScalarOperation): readonly ('f32' | 'i32')[] =>
  operation === 'canon' || operation === 'diverged' ? ['f32'] : opcodes[operation].operands
