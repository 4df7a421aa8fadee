/** The tables of docs/spec/numerics-cn1.md agree with the code they describe. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { MapAttributes, MapName } from '../operators/attributes.ts'
import { flushThresholds } from '../operators/flush-thresholds.ts'
import { elementProgram } from '../operators/programs.ts'
import * as functions from '../scalar/functions.ts'
import { type Language, language } from '../scalar/language.ts'
import { bitsOf, type ElementProgram, type F32, opcodes, programBuilder } from '../scalar/program.ts'
import { makers } from './cases.ts'

const specification = readFileSync(
  fileURLToPath(new URL('../../../../docs/spec/numerics-cn1.md', import.meta.url)),
  'utf8',
)

/** The rows of a marked table, without its head, as trimmed cells. */
function tableOf(mark: string): string[][] {
  const body = specification.split(`<!-- ${mark}`)[1]?.split('<!-- end -->')[0] as string
  const rows = body.split('\n').filter(line => line.startsWith('|'))
  return rows.slice(2).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

const plain = (cell: string | undefined) => (cell ?? '').replaceAll('`', '')

describe('the specification', () => {
  test('lists every instruction with its code, operands and result', () => {
    const written = tableOf('opcodes').map(([code, name, operands, result]) => [code, plain(name), operands, result])
    const rows = Object.entries(opcodes).map(([name, row], code) => [
      String(code),
      name,
      row.operands.join(', '),
      row.result,
    ])
    expect(written).toEqual(rows)
  })

  test('says which instructions have immediates', () => {
    const written = tableOf('opcodes')
      .filter(([, , , , immediates]) => immediates !== '')
      .map(row => plain(row[1]))
    expect(written).toEqual(Object.entries(opcodes).flatMap(([name, row]) => ('immediates' in row ? [name] : [])))
  })

  test('lists all constants of the elementary functions and of gelu', () => {
    const written = tableOf('constants').flatMap(row => row.join(' ').match(/\b[0-9a-f]{8}\b/g) ?? [])
    const spelledOut = [0, 0.25, 0.5, 1, 1.5, 2, -70, 43, -0.35, -42, 42, -12, 12, 2 ** -100].map(bitsOf)
    const found = new Set(programs().flatMap(constantsOf))
    expect(
      [...found]
        .filter(bits => !spelledOut.includes(bits))
        .map(hex)
        .sort(),
    ).toEqual([...new Set(written)].filter(w => w !== '3f000000').sort())
  })

  test('lists the flush thresholds', () => {
    const written = Object.fromEntries(tableOf('thresholds').map(([name, ...cells]) => [plain(name), cells]))
    const flushing = (Object.keys(flushThresholds) as MapName[]).filter(name => thresholdsOf(name, 0.5, 0.5).length > 0)
    expect(Object.keys(written).sort()).toEqual([...flushing].sort())
    for (const name of flushing) {
      for (const [first, second] of [
        [0.9, 0.1],
        [2 ** -60, 2 ** -30],
        [0.25, 1.999],
        [0, 1],
      ] as const) {
        const cells = (written[name] as string[]).filter(cell => cell !== '')
        expect(
          cells.map(cell => evaluate(cell, first, second)),
          name,
        ).toEqual(thresholdsOf(name, first, second))
      }
    }
  })

  test('names every operator', () => {
    for (const name of Object.keys(makers)) {
      if (name === 'input' || name === 'constant') continue
      expect(specification, name).toMatch(new RegExp(`[\`*]${name}[\`*]`))
    }
  })
})

const hex = (bits: number) => (bits >>> 0).toString(16).padStart(8, '0')
const constantsOf = ({ instructions }: ElementProgram) =>
  instructions.flatMap(({ opcode, immediates }) => (opcode === 'constantF32' ? [immediates[0] as number] : []))

function programs(): ElementProgram[] {
  const all: ((s: Language, x: F32) => F32)[] = [
    functions.exp,
    functions.reciprocal,
    functions.reciprocalSquareRoot,
    functions.squareRoot,
    functions.log,
    functions.sigmoid,
  ]
  const type = { dtype: 'f32', shape: [3] } as const
  const gelu = [elementProgram('gelu', [type], type, {}), elementProgram('geluGradient', [type, type], type, {})]
  const ofFunctions = all.map(f => {
    const builder = programBuilder()
    const s = language(builder)
    return builder.finish(f(s, s.loadF32(0, [1])))
  })
  return [...ofFunctions, ...gelu]
}

/** The thresholds of the code, for constants where they depend on some. */
function thresholdsOf(name: MapName, first: number, second: number): readonly number[] {
  const attributes = { bits: bitsOf(first), decayBits: bitsOf(first), restBits: bitsOf(second) }
  return (flushThresholds[name] as (a: object) => readonly number[])(attributes as MapAttributes['scale'])
}

/** Evaluates a cell of the table: a number, or a formula over e(c), e(decay), e(rest). */
function evaluate(cell: string, first: number, second: number): number {
  const exponent = (x: number) => (x === 0 ? 0 : Math.floor(Math.log2(x)))
  const source = cell
    .replace(/e\((c|decay)\)/, `(${exponent(first)})`)
    .replace(/e\(rest\)/, `(${exponent(second)})`)
    .replaceAll('max', 'Math.max')
    .replaceAll('ceil', 'Math.ceil')
  return Number(new Function(`return ${source}`)())
}
