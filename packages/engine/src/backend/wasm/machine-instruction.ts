/** The instructions of a map kernel: those of the scalar language, and the pieces of `canon` and `flush`. */
import type { Opcode } from '../../scalar/program.ts'

export type MachineOpcode =
  | Exclude<Opcode, 'flush'>
  | 'magnitude' // (f32, a mask) -> i32: the bits of |x|
  | 'keepF32' // (bool, f32): x where true, else +0
  | 'dropF32' // (bool, f32): x where false, else +0
  | 'watch' // (i32): a magnitude that raises `diverged` when it reaches 2^60

/** Gathers raise `diverged` by themselves, so they are run even when nobody uses their value. */
export const isGather = (opcode: MachineOpcode) => opcode === 'gatherF32' || opcode === 'gatherI32'

export interface MachineInstruction {
  readonly opcode: MachineOpcode
  readonly operands: readonly number[]
  /** As in the scalar language. */
  readonly immediates: readonly number[]
}
