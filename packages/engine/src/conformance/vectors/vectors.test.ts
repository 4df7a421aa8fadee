import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { sha256 } from '@cairn/primitives'
import { describe, expect, test } from 'vitest'
import { wasm } from '../../backend/wasm/backend.ts'
import { asF32 } from '../../backend.ts'
import { type Graph, graphBuilder, input } from '../../graph.ts'
import { reference } from '../../index.ts'
import { evaluateElement } from '../../scalar/evaluate.ts'
import { type Opcode, opcodes } from '../../scalar/program.ts'
import * as t from '../../tensor-functions.ts'
import { BLOCK, stridesOf } from '../../tensor-type.ts'
import { type ConstantCase, constantCase } from './constant-vectors.ts'
import { type GraphVector, graphOf, replay } from './graph-vectors.ts'
import { bytes, drawnFloats, float, readBytes, type VectorFile } from './notation.ts'
import { type ProgramCase, programGraph, programOf } from './program-vectors.ts'
import type { ContractCase, QuantiseCase } from './quantisation-vectors.ts'
import { type PhiloxCase, philoxCase } from './random-vectors.ts'
import type { MaximumCase, SumCase } from './reduction-vectors.ts'
import { type CanonCase, canonCase, type InstructionCase, instructionResult } from './scalar-vectors.ts'
import { vectorFiles } from './vector-files.ts'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))
const committed = join(root, 'vectors', 'cn1')
const textOf = (name: string) => readFile(join(committed, name), 'utf8')

/** The cases of a committed file. */
async function casesOf<T>(name: string): Promise<readonly T[]> {
  const { format, cases } = JSON.parse(await textOf(name)) as VectorFile
  expect(format).toBe('cairn/vectors/cn1')
  expect(cases.length).toBeGreaterThan(5)
  return cases as readonly T[]
}

/** Runs a graph of one output on the wasm backend, unfused, so that it knows what diverged. */
async function onWasm(graph: Graph, inputs: Readonly<Record<string, Uint8Array>>) {
  const executable = await wasm.compile(graph, { lowering: 'unfused' })
  for (const [name, value] of Object.entries(inputs)) executable.write(name, value)
  const { ok } = executable.run()
  return { bytes: executable.read('y').slice(), diverged: !ok }
}

describe('the committed vectors', () => {
  test('are what the code produces', async () => {
    for (const [name, text] of Object.entries(await vectorFiles())) expect(await textOf(name), name).toBe(text)
  })

  test('are small', async () => {
    const texts = await Promise.all((await readdir(committed)).map(textOf))
    expect(texts.reduce((total, text) => total + text.length, 0)).toBeLessThan(1_000_000)
  })

  test('cover all rules', async () => {
    const files = await Promise.all((await readdir(committed)).map(textOf))
    const rules = files.map(text => (JSON.parse(text) as VectorFile).rule)
    expect([...new Set(rules)].sort()).toEqual(['N0', 'N1', 'N2', 'N3', 'N4', 'N5', 'N6', 'N7'])
  })
})

describe('`npm run vectors -- --check`', () => {
  const check = (directory: string) =>
    promisify(execFile)(process.execPath, [join(root, 'vectors', 'generate.ts'), '--check', directory])

  test('accepts the committed vectors', async () => {
    expect((await check(committed)).stdout).toMatch(/^\d+ files match\.\n$/)
  })

  test('names every file that is missing, altered or unknown', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vectors-'))
    try {
      await cp(committed, directory, { recursive: true })
      await rm(join(directory, 'random.json'))
      await writeFile(join(directory, 'other.json'), '{}')
      await writeFile(join(directory, 'canon.json'), (await textOf('canon.json')).replace('3f800000', '3f800001'))
      const failure = expect.objectContaining({
        code: 1,
        stderr: expect.stringMatching(/canon\.json differs from line \d+/),
      })
      await expect(check(directory)).rejects.toEqual(failure)
      await expect(check(directory)).rejects.toThrow(/random\.json is missing[\s\S]*other\.json is not generated/)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

describe('read from the files, the vectors hold for', () => {
  test('canon', async () => {
    for (const c of await casesOf<CanonCase>('canon.json')) expect(canonCase(c.bits)).toEqual(c)
  })

  test('every instruction, by its code', async () => {
    const names = Object.keys(opcodes) as Opcode[]
    for (const c of await casesOf<InstructionCase>('instructions.json')) {
      expect(names[c.code]).toBe(c.opcode)
      expect(instructionResult(c.opcode, c.operands, c.immediates), JSON.stringify(c)).toBe(c.result)
    }
  })

  test('element programs: the interpreter runs the instruction lists', async () => {
    for (const c of await casesOf<ProgramCase>('programs.json')) {
      const inputs = c.inputs.map(({ dtype, bytes: text }) => {
        const data = asF32(readBytes(text))
        return dtype === 'i32' ? new Int32Array(data.buffer, data.byteOffset, data.length) : data
      })
      const get = (n: number, index: number) => inputs[n]?.[index]
      const output = asF32(readBytes(c.output))
      const at = (e: number) =>
        stridesOf(c.shape).map((stride, axis) => Math.floor(e / stride) % (c.shape[axis] as number))
      const elements = Array.from(output, (_, e) => evaluateElement(programOf(c), { get }, at(e)))
      expect(
        elements.map(e => float(e.value)),
        c.operator,
      ).toEqual(Array.from(output, float))
      expect(
        elements.some(e => e.diverged),
        c.operator,
      ).toBe(c.diverged)
    }
  })

  test('element programs: the wasm backend runs the operators', async () => {
    for (const c of await casesOf<ProgramCase>('programs.json')) {
      const inputs = Object.fromEntries(c.inputs.map(({ bytes: text }, n) => [String(n), readBytes(text)]))
      const found = await onWasm(programGraph(c), inputs)
      expect([bytes(found.bytes), found.diverged], c.operator).toEqual([c.output, c.diverged])
    }
  })

  test('quantisation', async () => {
    for (const c of await casesOf<QuantiseCase>('quantise.json')) {
      const row = readBytes(c.row)
      const builder = graphBuilder()
      const y = t.quantise(input(builder, 'x', [1, row.length / 4]), -1, c.width, c.fixed ? 1 : 0)
      const found = await onWasm(builder.finish({ y }), { x: row })
      expect([bytes(found.bytes), found.diverged], c.name).toEqual([c.result, c.diverged])
    }
  })

  test('contraction, with the partial sum after each block', async () => {
    for (const c of await casesOf<ContractCase>('contract.json')) {
      const blockBytes = readBytes(c.a).length / c.blocks
      for (let blocks = 1; blocks <= c.blocks; blocks++) {
        const builder = graphBuilder()
        const [a, b] = ['a', 'b'].map(name => input(builder, name, [1, blocks * BLOCK], c.width))
        const rows = {
          a: readBytes(c.a).slice(0, blocks * blockBytes),
          b: readBytes(c.b).slice(0, blocks * blockBytes),
        }
        const found = await onWasm(builder.finish({ y: t.contract(a!, b!) }), rows)
        const canonical = canonCase(c.partials[blocks - 1] as string)
        expect([float(asF32(found.bytes)[0] as number), found.diverged], c.name).toEqual([
          canonical.result,
          canonical.diverged,
        ])
      }
      expect([c.result, c.diverged]).toEqual(Object.values(canonCase(c.partials.at(-1) as string)).slice(1))
    }
  })

  test('reductions', async () => {
    for (const c of await casesOf<SumCase | MaximumCase>('reductions.json')) {
      const values = c.kind === 'sum' ? new Uint8Array(drawnFloats(c.seed, c.count).buffer) : readBytes(c.inputs)
      if (c.kind === 'sum') expect(bytes(sha256(values))).toBe(c.inputsSha256)
      const builder = graphBuilder()
      const x = input(builder, 'x', [values.length / 4])
      const found = await onWasm(builder.finish({ y: (c.kind === 'sum' ? t.sum : t.maximum)(x, 0, 1) }), { x: values })
      expect(float(asF32(found.bytes)[0] as number)).toBe(c.result)
    }
  })

  test.for(['graphs.json', 'movement.json'])('%s, on every backend', async file => {
    for (const c of await casesOf<GraphVector>(file)) {
      expect(await replay(reference, c)).toEqual(c)
      expect(await replay(wasm, c)).toEqual(c)
    }
  })

  test('graphs.json, fused', async () => {
    for (const c of await casesOf<GraphVector>('graphs.json')) {
      const executable = await wasm.compile(graphOf(c))
      for (const [name, text] of Object.entries(c.inputs)) executable.write(name, readBytes(text))
      for (const run of c.runs) {
        expect(executable.run().ok, c.name).toBe(run.diverged === null)
        if (run.diverged !== null) break
        for (const [name, id] of Object.entries(c.outputs))
          expect(bytes(executable.read(name)), c.name).toBe(run.values[id])
      }
    }
  })

  test('Philox, the published ones among them', async () => {
    const cases = await casesOf<PhiloxCase>('random.json')
    expect(cases[0]?.words).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'])
    const numbers = (words: readonly string[]) => words.map(text => Number.parseInt(text, 16))
    for (const c of cases) expect(philoxCase(numbers(c.counter), numbers(c.key))).toEqual(c)
  })

  test('constants', async () => {
    for (const c of await casesOf<ConstantCase>('constants.json')) expect(constantCase(c.routine, c.x)).toEqual(c)
  })
})

describe('vectors show what they are meant to', () => {
  test('graphs diverge where their names say', async () => {
    const cases = await casesOf<GraphVector>('graphs.json')
    const diverging = cases.filter(c => c.runs.some(run => run.diverged !== null))
    expect(diverging.map(c => c.name)).toEqual(['diverges in the second run'])
    expect(diverging[0]?.runs.map(run => run.diverged === null)).toEqual([true, false])
  })

  test('a scatter-add in another order would give other bits', async () => {
    const c = (await casesOf<GraphVector>('movement.json')).find(v =>
      v.name.startsWith('scatterAdd: ascending'),
    ) as GraphVector
    const [g, index] = [c.inputs.x0, c.inputs.x1].map(text => readBytes(text as string))
    const reversed = (data: Uint8Array, rowBytes: number) =>
      Uint8Array.from(data, (_, i) => data[data.length - rowBytes - i + 2 * (i % rowBytes)] as number)
    const turned = { ...c, inputs: { x0: bytes(reversed(g!, 8)), x1: bytes(reversed(index!, 4)) } }
    const [before, after] = [c, await replay(reference, turned)].map(v => v.runs[0]?.values[v.outputs.y as number])
    expect(after).not.toBe(before)
  })
})
