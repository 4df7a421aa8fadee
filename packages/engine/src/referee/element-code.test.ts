import { encodeHex, InputError } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { makers, operatorCases } from '../conformance/cases.ts'
import { random } from '../conformance/values.ts'
import type { Graph, Node } from '../graph.ts'
import type { MapName, OperatorAttributes, OperatorName } from '../operators/attributes.ts'
import { isSpecial } from '../operators/operation-counts.ts'
import { elementProgram } from '../operators/programs.ts'
import { language } from '../scalar/language.ts'
import { type ElementProgram, opcodes, programBuilder } from '../scalar/program.ts'
import { RANDOM_PROGRAM_RANK, randomProgram } from '../testing/random-programs.ts'
import { decodeElementProgram, encodeElementProgram } from './element-code.ts'

const r = random(0xc0de)
const borders = { rank: RANDOM_PROGRAM_RANK, inputs: 4 }
const refusal = (path: string) => expect.objectContaining({ code: 'BadElementCode', path })

function programOf(graph: Graph, { operator, attributes, inputs, dtype, shape }: Node): ElementProgram {
  const types = inputs.map(id => graph.nodes[id] as Node)
  return elementProgram(operator as MapName, types, { dtype, shape }, attributes as OperatorAttributes[MapName])
}

/** Loads x[c0], flushes it, and picks it where c0 < -2. */
function sample(): ElementProgram {
  const builder = programBuilder()
  const s = language(builder)
  const x = s.flush(s.loadF32(0, [1, -3], 2), -60)
  const gathered = s.gatherI32(1, s.coordinate(1))
  return builder.finish(s.select(s.lessI32(gathered, s.i32(-2)), x, s.f32(1)))
}

const SAMPLE = [
  '0008 0007',
  '03 0000 00000002 00000001 fffffffd', // 0: load input 0 at 2 + c0 - 3 c1
  '0b 0000 c4', // 1: flush 0 at 2^-60
  '02 01', // 2: coordinate 1
  '22 0002 0001', // 3: gatherI32 from input 1 at 2
  '01 fffffffe', // 4: -2
  '0d 0003 0004', // 5: 3 < 4
  '00 3f800000', // 6: 1
  '10 0005 0001 0006', // 7: 5 ? 1 : 6
]

const code = encodeElementProgram(sample())
/** The sample with other bytes at one place. */
const changed = (at: number, ...bytes: number[]) => {
  const other = code.slice()
  other.set(bytes, at)
  return other
}

describe('element code', () => {
  test('is what the specification says, byte for byte', () => {
    expect(encodeHex(code)).toBe(SAMPLE.join('').replaceAll(' ', ''))
  })

  test('gives every operator its program back', () => {
    const names = (Object.keys(makers) as OperatorName[]).filter(name => !isSpecial(name))
    for (const name of names) {
      for (const { graph } of operatorCases(name, r, { all: [5], beyondChunk: [] })) {
        const node = graph.nodes.find(({ operator }) => operator === name) as Node
        const program = programOf(graph, node)
        const own = { rank: node.shape.length, inputs: node.inputs.length }
        expect(decodeElementProgram(encodeElementProgram(program), own), name).toEqual(program)
      }
    }
  })

  test('gives random programs of all opcodes back', () => {
    const seen = new Set<string>()
    for (let n = 0; n < 300; n++) {
      const program = randomProgram(r, 1 + r.below(60))
      for (const { opcode } of program.instructions) seen.add(opcode)
      expect(decodeElementProgram(encodeElementProgram(program), borders)).toEqual(program)
    }
    expect([...seen].sort()).toEqual(Object.keys(opcodes).sort())
  })

  test('has one form: any other byte is refused or is another program', () => {
    for (let at = 0; at < code.length; at++) {
      const other = changed(at, (code[at] as number) ^ (1 << r.below(8)))
      try {
        expect(encodeElementProgram(decodeElementProgram(other, borders))).toEqual(other)
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
      }
    }
  })

  test('that ends too early is refused, wherever', () => {
    for (let length = 0; length < code.length; length++)
      expect(() => decodeElementProgram(code.subarray(0, length), borders)).toThrow(InputError)
  })

  test.for<[string, Uint8Array, string]>([
    ['an unknown opcode', changed(4, 35), 'instruction 0'],
    ['an operand that is not earlier', changed(20, 0, 1), 'instruction 1'],
    ['an operand of another type', changed(46, 0, 2), 'instruction 7'],
    ['an input that there is not', changed(5, 0, 4), 'instruction 0'],
    ['an axis that there is not', changed(24, 2), 'instruction 2'],
    ['a result that there is not', changed(2, 0, 8), 'result'],
    ['a condition as the result', changed(2, 0, 5), 'result'],
    ['bytes after the last instruction', Uint8Array.of(...code, 0), 'end'],
    ['instructions after the last', changed(0, 0, 7), 'end'],
  ])('with %s is refused', ([, other, path]) => {
    expect(() => decodeElementProgram(other, borders)).toThrow(refusal(path))
  })

  test('has no room for more than 65,535 instructions', () => {
    const instructions = new Array(2 ** 16).fill({ opcode: 'constantI32', operands: [], immediates: [0] })
    expect(() => encodeElementProgram({ instructions, result: 0 })).toThrow(
      expect.objectContaining({ code: 'ProgramTooLong' }),
    )
    expect(encodeElementProgram({ instructions: instructions.slice(1), result: 0 })).toHaveLength(4 + 5 * 65535)
  })
})
