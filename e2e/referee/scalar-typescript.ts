/** Scalar operations by the interpreter of element programs, which defines them. */
import { bitsOf, floatOfBits, programBuilder } from '@cairn/engine'
import { canonicalise, evaluateInstructions, opcodes } from '@cairn/engine/arithmetic'
import { type ComputingOpcode, operandTypes, type ScalarBatch } from './scalar-operation.ts'

/** Computes all cases of a batch; results as words, a bool as 0 or 1. */
export function computeInTypeScript({ operation, immediate, operands }: ScalarBatch): Uint32Array {
  if (operation === 'canon') return operands[0].map(word => bitsOf(canonicalise(floatOfBits(word)).value))
  if (operation === 'diverged') return operands[0].map(word => Number(canonicalise(floatOfBits(word)).diverged))
  const isFloat = operandTypes(operation).map(type => type === 'f32')
  const get = (n: number, i: number) => (isFloat[n] ? floatOfBits(operands[n]![i]!) : operands[n]![i]! | 0)
  const { program, result } = programOf(operation, immediate)
  const toWord = opcodes[operation].result === 'f32' ? bitsOf : (value: number) => value >>> 0
  return operands[0].map((_, i) => toWord(evaluateInstructions(program, { get }, [i]).values[result] as number))
}

/** Loads the operands and computes; the result is no element, which would be an f32. */
function programOf(operation: ComputingOpcode, immediate: number | undefined) {
  const builder = programBuilder()
  const loaded = operandTypes(operation).map((type, n) =>
    builder.emit(type === 'f32' ? 'loadF32' : 'loadI32', [], [n, 0, 1]),
  )
  const result: number = builder.emit(operation, loaded, immediate === undefined ? [] : [immediate])
  return { program: builder.finish(result as never), result }
}
