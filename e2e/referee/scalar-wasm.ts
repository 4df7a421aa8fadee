/** Scalar operations by the machine instructions and emitters of the wasm backend, four lanes at a time. */
import {
  CANON_HIGH_BITS,
  emitters,
  machineBuilder,
  moduleBuilder,
  opcodes,
  type ValueOpcode,
} from '@cairn/engine/arithmetic'
import { operandTypes, type ScalarBatch, type ScalarOperation } from './scalar-operation.ts'

const PAGE = 65_536
/** Bytes of an operand's array. Two of them, then the results, then what `canon` watches. */
const STRIDE = PAGE
const RESULTS = 2 * STRIDE
const WATCHED = 3 * STRIDE
const PAGES = 4

/** Computes all cases of a batch of at most 16,384; results as words, a bool as 0 or 1. */
export function computeInWasm({ operation, immediate, operands }: ScalarBatch): Uint32Array {
  const { result, code } = moduleOf(operation, immediate)
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), { env: { memory } })
  operands.forEach((words, n) => new Uint32Array(memory.buffer, n * STRIDE).set(words))
  const compute = instance.exports.compute as (bytes: number) => void
  compute(4 * operands[0].length)
  const at = operation === 'diverged' ? WATCHED : RESULTS
  const words = new Uint32Array(memory.buffer, at, operands[0].length).slice()
  return result === 'bool' ? words.map(boolOfLane) : words
}

/** A lane is all ones or all zeros; anything else is no bool, and shows as a difference. */
const boolOfLane = (lane: number) => (lane === 0xffffffff ? 1 : lane)

function moduleOf(operation: ScalarOperation, immediate: number | undefined) {
  const machine = machineBuilder(() => false)
  const loaded = operandTypes(operation).map((type, n) => machine.emit(type === 'f32' ? 'loadF32' : 'loadI32', [], [n]))
  const opcode = operation === 'diverged' ? 'canon' : operation
  const value = machine.emit(opcode, loaded, immediate === undefined ? [] : [immediate])
  const module = moduleBuilder()
  const compute = module.define({ parameters: ['i32'], results: [] }, c => {
    const offset = c.local('i32')
    c.while(
      offset,
      () => c.get(0),
      16,
      () => {
        const locals: number[] = []
        for (const { opcode: own, operands, immediates } of machine.instructions) {
          const local = c.local('v128')
          locals.push(local)
          const from = operands.map(operand => locals[operand] as number)
          if (own === 'loadF32' || own === 'loadI32') {
            c.get(offset).load('v128.load', (immediates[0] as number) * STRIDE)
          } else if (own === 'watch') {
            c.get(offset)
            c.splat(CANON_HIGH_BITS - 1)
              .get(from[0] as number)
              .simd('i32x4.lt_s')
            c.store('v128.store', WATCHED).splat(0)
          } else emitters[own as ValueOpcode](c, from, immediates)
          c.set(local)
        }
        c.get(offset)
          .get(locals[value] as number)
          .store('v128.store', RESULTS)
      },
    )
  })
  module.export('compute', compute)
  const result = operation === 'diverged' ? 'bool' : operation === 'canon' ? 'f32' : opcodes[operation].result
  return { result, code: module.encode({ minimumPages: PAGES, maximumPages: PAGES, shared: false }) }
}
