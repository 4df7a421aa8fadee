/**
 * SPEC: docs/decisions/0005-proof.md, element code. The code of every program of `programs.json` with one element judged
 * from what it needs; loads that nobody opened and places out of range; bytes that are no code.
 */
import { sha256 } from '@cairn/primitives'
import { encodeElementProgram } from '../../referee/element-code.ts'
import { judgeMap } from '../../referee/judge-element.ts'
import { elementReads } from '../../referee/reads.ts'
import { type Language, language } from '../../scalar/language.ts'
import { type F32, floatOfBits, type I32, programBuilder } from '../../scalar/program.ts'
import { coordinatesOf, elementCount } from '../../tensor-type.ts'
import { bytes, readBytes, type VectorFile, vectorFile, word } from './notation.ts'
import { type ProgramCase, programOf } from './program-vectors.ts'

export interface JudgedCase {
  readonly name: string
  readonly code: string
  readonly codeSha256: string
  readonly coordinates: readonly number[]
  /** Elements of every input. */
  readonly counts: readonly number[]
  /** What was opened: input, index, bits. */
  readonly opened: readonly (readonly [number, number, string])[]
  /** Null where a value is missing, or the code is none. */
  readonly result: { readonly bits: string; readonly diverged: boolean } | null
}

type Question = Pick<JudgedCase, 'name' | 'coordinates' | 'counts' | 'opened'> & { readonly code: Uint8Array }

/** Judges what a case asks. */
export function judgedCase({ name, code, coordinates, counts, opened }: Question): JudgedCase {
  const read = (input: number, index: number) => {
    const found = opened.find(([n, i]) => n === input && i === index)
    return found === undefined ? undefined : Number.parseInt(found[2], 16)
  }
  const judged = judgeMap(code, coordinates, counts, read)
  const result = judged === undefined ? null : { bits: word(judged.bits), diverged: judged.diverged }
  return { name, code: bytes(code), codeSha256: bytes(sha256(code)), coordinates, counts, opened, result }
}

/** The last element of an operator, and what is opened for it. */
function operatorCase(c: ProgramCase): JudgedCase {
  const coordinates = coordinatesOf(elementCount(c.shape) - 1, c.shape)
  const views = c.inputs.map(({ bytes: text }) => new DataView(readBytes(text).slice().buffer))
  const bitsAt = (input: number, index: number) => (views[input] as DataView).getUint32(4 * index, true)
  const counts = c.inputs.map(({ shape }) => elementCount(shape))
  const get = (input: number, index: number) => {
    if (index < 0 || index >= (counts[input] as number)) return undefined
    const bits = bitsAt(input, index)
    return c.inputs[input]?.dtype === 'f32' ? floatOfBits(bits) : bits | 0
  }
  const program = programOf(c)
  const opened = elementReads(program, coordinates, { get }).map(
    ({ input, index }) => [input, index, word(bitsAt(input, index))] as const,
  )
  return judgedCase({ name: c.operator, code: encodeElementProgram(program), coordinates, counts, opened })
}

type Build = (s: Language) => F32 | I32

function codeOf(make: Build): Uint8Array {
  const builder = programBuilder()
  return encodeElementProgram(builder.finish(make(language(builder)) as F32))
}

const HALF = '3f000000'
const bySign: Build = s => s.select(s.lessI32(s.loadI32(1, [1]), s.i32(0)), s.loadF32(0, [1]), s.loadF32(0, [-1], 3))
const gathered: Build = s => s.gather(0, s.loadI32(1, [1]))
const leftOut: Build = s => s.select(s.lessI32(s.i32(0), s.i32(1)), s.f32(0.5), gathered(s) as F32)
const integer: Build = s => s.gatherI32(1, s.loadI32(1, [1]))
const overflow: Build = s => s.mul(s.loadF32(0, [1]), s.f32(2 ** 60))
const underflow: Build = s => s.mul(s.loadF32(0, [1]), s.f32(-(2 ** -100)))

type Row = readonly [name: string, make: Build, opened: JudgedCase['opened']]

/** At coordinate 1, over an f32 and an i32 input of four elements each. */
const rows: readonly Row[] = [
  [
    'select takes the first, the second is absent',
    bySign,
    [
      [1, 1, 'ffffffff'],
      [0, 1, HALF],
    ],
  ],
  [
    'select takes the second, the first is absent',
    bySign,
    [
      [1, 1, '00000000'],
      [0, 2, HALF],
    ],
  ],
  [
    'select takes what is absent',
    bySign,
    [
      [1, 1, '00000000'],
      [0, 1, HALF],
    ],
  ],
  [
    'the condition is absent',
    bySign,
    [
      [0, 1, HALF],
      [0, 2, HALF],
    ],
  ],
  [
    'a gather',
    gathered,
    [
      [1, 1, '00000003'],
      [0, 3, HALF],
    ],
  ],
  ['a gather beyond the end', gathered, [[1, 1, '00000004']]],
  ['a gather before the beginning', gathered, [[1, 1, 'ffffffff']]],
  ['a gather whose index is absent', gathered, [[0, 0, HALF]]],
  ['a gather out of range that select leaves out', leftOut, [[1, 1, '00000004']]],
  ['an absent gather that select leaves out', leftOut, []],
  [
    'an integer',
    integer,
    [
      [1, 1, '00000000'],
      [1, 0, '80000001'],
    ],
  ],
  ['an integer out of range', integer, [[1, 1, '00000004']]],
  ['too large', overflow, [[0, 1, '3f800000']]],
  ['too small', underflow, [[0, 1, HALF]]],
]

const border = { coordinates: [1], counts: [4, 4] }
const opening: readonly JudgedCase[] = rows.map(([name, make, opened]) =>
  judgedCase({ name, code: codeOf(make), ...border, opened }),
)

const change = (at: number, byte: number) => {
  const code = codeOf(overflow)
  code[at] = byte
  return code
}

/** The code of `overflow`: header 4 bytes, a load of 11, a constant of 5, a product of 5. */
const malformed: readonly (readonly [string, Uint8Array])[] = [
  ['no bytes', new Uint8Array()],
  ['an unknown opcode', change(4, 35)],
  ['an input that there is not', change(6, 2)],
  ['an operand that is not earlier', change(22, 2)],
  ['a result that there is not', change(3, 3)],
  ['fewer instructions than bytes', change(1, 2)],
  ['more instructions than bytes', change(1, 4)],
]

const refusedCases = malformed.map(([name, code]) => judgedCase({ name, code, ...border, opened: [[0, 1, HALF]] }))

export function elementCodeVectors({ cases }: VectorFile): VectorFile {
  const operators = (cases as readonly ProgramCase[]).map(operatorCase)
  return vectorFile('N2', 'element code, judged from opened loads', [...operators, ...opening, ...refusedCases])
}
