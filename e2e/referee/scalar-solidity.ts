/** Scalar operations by the contract, many batches in one call. */

import type { Harness } from '@cairn/contracts/conformance'
import { opcodes } from '@cairn/engine/arithmetic'
import type { ScalarBatch, ScalarOperation } from './scalar-operation.ts'

const CASE_BYTES = 10
const codes = new Map<string, number>(Object.keys(opcodes).map((opcode, code) => [opcode, code]))
const codeOf = (operation: ScalarOperation) =>
  operation === 'canon' ? 128 : operation === 'diverged' ? 129 : (codes.get(operation) as number)

function packed({ operation, immediate = 0, operands }: ScalarBatch): Uint8Array {
  const bytes = new Uint8Array(CASE_BYTES * operands[0].length)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < operands[0].length; i++) {
    view.setUint8(CASE_BYTES * i, codeOf(operation))
    view.setUint8(CASE_BYTES * i + 1, immediate)
    operands.forEach((words, n) => view.setUint32(CASE_BYTES * i + 2 + 4 * n, words[i] as number))
  }
  return bytes
}

/** Computes all cases of some batches; results as words, a bool as 0 or 1. */
export async function computeInSolidity(harness: Harness, batches: readonly ScalarBatch[]): Promise<Uint32Array[]> {
  const cases = Buffer.concat(batches.map(packed)).toString('hex')
  const results = Buffer.from((await harness.call<string>('compute', `0x${cases}`)).slice(2), 'hex')
  let next = 0
  return batches.map(({ operands }) => operands[0].map(() => results.readUInt32BE(4 * next++)))
}
