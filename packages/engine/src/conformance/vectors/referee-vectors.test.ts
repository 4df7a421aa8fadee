import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { bytesOf } from '../../backend.ts'
import { sizeBytes } from '../../quantised-layout.ts'
import { decodeJudgedOperator } from '../../referee/judged-bytes.ts'
import type { JudgedInput } from '../../referee/judged-operator.ts'
import { hasPartials, type OperandValue, partialCount, partialOperands, partialValue } from '../../referee/partials.ts'
import { floatOfBits, opcodes } from '../../scalar/program.ts'
import { BLOCK, isQuantised } from '../../tensor-type.ts'
import { type JudgedCase, judgedCase } from './element-code-vectors.ts'
import { bytes, drawnFloats, float, readBytes, type VectorFile } from './notation.ts'
import type { PartialCase } from './partial-vectors.ts'
import type { ProgramCase } from './program-vectors.ts'

async function casesOf<T>(name: string): Promise<readonly T[]> {
  const path = fileURLToPath(new URL(`../../../../../vectors/cn1/${name}`, import.meta.url))
  return (JSON.parse(await readFile(path, 'utf8')) as VectorFile).cases as readonly T[]
}

/** Bytes of one element, or of one block. */
function atom({ dtype }: JudgedInput, tensor: Uint8Array, index: number): OperandValue {
  const size = isQuantised(dtype) ? sizeBytes({ dtype, shape: [BLOCK] }) : 4
  const found = tensor.slice(index * size, (index + 1) * size)
  return isQuantised(dtype) ? found : new DataView(found.buffer).getUint32(0, true)
}

describe('read from the files, the vectors hold for', () => {
  test('element code', async () => {
    const cases = await casesOf<JudgedCase>('element-code.json')
    for (const c of cases) expect(judgedCase({ ...c, code: readBytes(c.code) })).toEqual(c)
    expect(cases.filter(({ result }) => result === null).length).toBeGreaterThan(8)
    expect(cases.filter(({ result }) => result?.diverged).length).toBeGreaterThan(4)
  })

  test('element code: the last element is that of the whole operator', async () => {
    const [programs, cases] = await Promise.all([
      casesOf<ProgramCase>('programs.json'),
      casesOf<JudgedCase>('element-code.json'),
    ])
    programs.forEach((program, n) => {
      const output = readBytes(program.output)
      const last = new DataView(output.slice().buffer).getUint32(output.length - 4, true)
      expect(cases[n]?.result, program.operator).toEqual({ bits: float(floatOfBits(last)), diverged: false })
    })
    expect(Object.keys(opcodes)).toHaveLength(35)
  })

  test('partial results', async () => {
    for (const c of await casesOf<PartialCase>('partials.json')) {
      const { operator } = decodeJudgedOperator(readBytes(c.operator))
      if (!hasPartials(operator)) throw new Error(`${c.name} has no partials`)
      expect(partialCount(operator)).toBe(c.count)
      const shown = c.partials.map(([q]) => partialOperands(operator, c.element, q))
      const written = shown.map(operands =>
        operands.map(({ kind, ...place }) => (kind === 'zero' ? '+0' : [kind, ...Object.values(place)])),
      )
      expect(written, c.name).toEqual(c.partials.map(([, operands]) => operands))
      if (c.partialsSha256 === undefined) continue

      const tensors = c.inputs.map(x => (typeof x === 'string' ? readBytes(x) : bytesOf(drawnFloats(x.seed, x.count))))
      const partials: number[] = []
      while (partials.length < c.count) {
        const values = partialOperands(operator, c.element, partials.length).map(operand => {
          if (operand.kind === 'zero') return 0
          if (operand.kind === 'partial') return partials[operand.partial] as number
          const { input, index } = operand
          return atom(operator.inputs[input] as JudgedInput, tensors[input] as Uint8Array, index)
        })
        partials.push(partialValue(operator, c.element, values))
      }
      const found = Float32Array.from(partials, floatOfBits)
      expect(bytes(sha256(bytesOf(found))), c.name).toBe(c.partialsSha256)
      for (const [q, , result] of c.partials) expect(float(found[q] as number)).toBe(result)
    }
  })
})
