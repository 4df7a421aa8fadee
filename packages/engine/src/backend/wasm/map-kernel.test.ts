import { describe, expect, test } from 'vitest'
import { random } from '../../conformance/values.ts'
import { evaluateElement } from '../../scalar/evaluate.ts'
import { checkIntervals } from '../../scalar/intervals.ts'
import { language } from '../../scalar/language.ts'
import { bitsOf, type ElementProgram, opcodes, programBuilder } from '../../scalar/program.ts'
import { INPUT_LENGTH, randomInputs, randomProgram } from '../../testing/random-programs.ts'
import { compileMapKernel } from '../reference/map-kernel.ts'
import { moduleBuilder } from './assembler.ts'
import type { FusedProgram } from './fused-program.ts'
import { machineBuilder } from './machine-program.ts'
import { mapKernel } from './map-kernel.ts'

const INPUTS = [0, 1, 2]
const SLOT_BYTES = 256
const OUTPUT = 3 * SLOT_BYTES
const FLAG = 4 * SLOT_BYTES

/** An element program as a fused group of one, with its canon. */
function groupOf({ instructions, result }: ElementProgram, shape: readonly number[], computed: boolean): FusedProgram {
  const builder = machineBuilder(() => computed)
  const values: number[] = []
  for (const { opcode, operands, immediates } of instructions) {
    values.push(
      builder.emit(
        opcode,
        operands.map(o => values[o] as number),
        immediates,
      ),
    )
  }
  const value = builder.emit('canon', [values[result] as number], [])
  return { shape, instructions: builder.instructions, reads: INPUTS, writes: [{ node: 3, value }] }
}

/** Compiles one kernel and runs all of its tasks. */
function runKernel(program: FusedProgram, inputs: readonly (Float32Array | Int32Array)[]) {
  const kernel = mapKernel(
    program,
    inputs.map(x => x.length),
  )
  const module = moduleBuilder()
  const parameters = new Array<'i32'>(kernel.pointers + 3).fill('i32')
  module.export('kernel', module.define({ parameters, results: [] }, kernel.emit))
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 })
  const bytes = module.encode({ minimumPages: 1, maximumPages: 1, shared: false })
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } })
  inputs.forEach((x, n) => new Uint8Array(memory.buffer, n * SLOT_BYTES).set(new Uint8Array(x.buffer)))
  const addresses = [...INPUTS.map(n => n * SLOT_BYTES), OUTPUT]
  ;(instance.exports.kernel as (...a: number[]) => void)(...addresses, 0, kernel.tasks, FLAG)
  const size = program.shape.reduce((a, b) => a * b, 1)
  const out = new Float32Array(memory.buffer.slice(OUTPUT, OUTPUT + 4 * size))
  return { out, diverged: new Int32Array(memory.buffer, FLAG, 1)[0] === 1 }
}

describe('map kernels', () => {
  test('compute random programs over all instructions as the interpreter does', () => {
    const r = random(31)
    const seen = new Set<string>()
    for (let n = 0; n < 1200; n++) {
      const program = randomProgram(r, 30)
      if (checkIntervals(program).length > 0) continue
      const [rows, columns] = [1 + r.below(3), 1 + r.below(9)]
      const inputs = randomInputs(r)
      const all = INPUTS.map(input => Array.from({ length: INPUT_LENGTH }, (_, i) => inputs.get(input, i) as number))
      const typed = [Float32Array.from(all[0]!), Float32Array.from(all[1]!), Int32Array.from(all[2]!)]
      const { out, diverged } = runKernel(groupOf(program, [rows, columns], r.below(2) === 0), typed)
      const expected = Array.from(out, (_, e) =>
        evaluateElement(program, inputs, [Math.floor(e / columns), e % columns]),
      )
      expect(Array.from(out, bitsOf), JSON.stringify(program)).toEqual(expected.map(x => bitsOf(x.value)))
      expect(diverged).toBe(expected.some(x => x.diverged))
      for (const { opcode } of program.instructions) seen.add(opcode)
    }
    expect([...seen].sort()).toEqual(Object.keys(opcodes).sort())
  })

  test.for([
    [[0, 3, 15, 7], [100, 103, 115, 107], false],
    [[0, 16, 2, 3], [100, 0, 102, 103], true],
    [[-1, 1, -(2 ** 31), 2 ** 31 - 1], [0, 101, 0, 0], true],
  ] as const)('gather integers %j, as the reference does', ([indices, values, diverged]) => {
    const builder = programBuilder()
    const s = language(builder)
    const program = builder.finish(s.toF32(s.gatherI32(1, s.loadI32(2, [1]))))
    const table = Int32Array.from({ length: INPUT_LENGTH }, (_, n) => 100 + n)
    const inputs = [new Float32Array(1), table, Int32Array.from(indices)]
    const found = runKernel(groupOf(program, [4], true), inputs)
    const defined = new Float32Array(4)
    expect(compileMapKernel(program, 3, [4])(inputs, defined)).toBe(diverged)
    expect(Array.from(defined)).toEqual(values)
    expect(found).toEqual({ out: defined, diverged })
  })
})
