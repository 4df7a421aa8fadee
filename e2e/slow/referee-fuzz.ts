/**
 * Slow check: the referee's arithmetic in Solidity gives the bits of TypeScript and WebAssembly: scalar operations,
 * elements spread over every map operator, random programs, blocks.
 * Run: node e2e/slow/referee-fuzz.ts [--scalar 1000000] [--elements 20000] [--programs 2000] [--blocks 20000] [--seed 1]
 */
import { parseArgs } from 'node:util'
import { startLocalChain } from '@cairn/contracts'
import { type Harness, startHarness } from '@cairn/contracts/conformance'
import { random } from '@cairn/engine/conformance'
import { compareBlocks } from '../referee/compare-blocks.ts'
import { compareOperators, mapOperators } from '../referee/compare-operators.ts'
import { comparePrograms } from '../referee/compare-programs.ts'
import { compareScalars } from '../referee/compare-scalars.ts'

const { values } = parseArgs({
  options: {
    scalar: { type: 'string', default: '1000000' },
    elements: { type: 'string', default: '20000' },
    programs: { type: 'string', default: '2000' },
    blocks: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
})
const seed = Number(values.seed)
const PER_CASE = 10

interface Report {
  readonly rows: readonly (readonly [name: string, ...numbers: number[]])[]
  readonly head: readonly string[]
  readonly total: number
  readonly differences: readonly string[]
}

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, n) => total + n, 0)

async function scalars(harness: Harness, count: number): Promise<Report> {
  const { counts, differences } = await compareScalars(harness, random(seed), count)
  return { head: ['scalar', 'cases'], rows: [...counts], total: sum(counts.values()), differences }
}

async function elements(harness: Harness, count: number): Promise<Report> {
  const perOperator = Math.ceil(count / mapOperators.length)
  const { counts, differences } = await compareOperators(harness, random(seed), perOperator, PER_CASE)
  const rows = [...counts].map(([name, { elements, diverged, gas }]) => [name, elements, diverged, gas] as const)
  const total = sum([...counts.values()].map(one => one.elements))
  return { head: ['operator', 'elements', 'diverged', 'most gas'], rows, total, differences }
}

async function programs(harness: Harness, count: number): Promise<Report> {
  const compared = await comparePrograms(harness, random(seed), count)
  const rows = [['random programs', compared.elements, count] as const]
  return { head: ['', 'elements', 'programs'], rows, total: compared.elements, differences: compared.differences }
}

async function blocks(harness: Harness, count: number): Promise<Report> {
  const { counts, gas, differences } = await compareBlocks(harness, random(seed), count)
  const rows = (['quantise', 'dequantise', 'contract'] as const).map(name => [name, counts[name], gas[name]] as const)
  return { head: ['block', 'compared', 'most gas'], rows, total: sum(Object.values(counts)), differences }
}

function print({ head, rows, total, differences }: Report, seconds: number): void {
  const line = ([name, ...cells]: readonly (string | number)[]) =>
    `${String(name).padEnd(22)}${cells.map(cell => String(cell).padStart(10)).join('')}`
  for (const row of [head, ...rows]) console.log(line(row))
  console.log(`${total} compared in ${seconds.toFixed(0)} s: ${differences.length} differences\n`)
  for (const difference of differences.slice(0, 20)) console.log(difference)
}

const chain = await startLocalChain()
try {
  const arithmetic = await startHarness(chain, 'ArithmeticHarness')
  const element = await startHarness(chain, 'ElementHarness')
  const checks = [
    () => scalars(arithmetic, Number(values.scalar)),
    () => elements(element, Number(values.elements)),
    () => programs(element, Number(values.programs)),
    () => blocks(element, Number(values.blocks)),
  ]
  let differences = 0
  for (const check of checks) {
    const began = performance.now()
    const report = await check()
    print(report, (performance.now() - began) / 1000)
    differences += report.differences.length
  }
  console.log(differences === 0 ? 'ok' : 'FAILED')
  process.exitCode = differences === 0 ? 0 : 1
} finally {
  await chain.stop()
}
