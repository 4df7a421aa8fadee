import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { type Harness, startHarness } from '@cairn/contracts/conformance'
import { opcodes } from '@cairn/engine/arithmetic'
import { random } from '@cairn/engine/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compareBlocks } from './compare-blocks.ts'
import { compareOperators, mapOperators } from './compare-operators.ts'
import { comparePrograms } from './compare-programs.ts'

const ELEMENTS = 30
const PER_CASE = 4
const BLOCKS = 300
const PROGRAMS = 60
/** Of the last move's 1,500,000, which the openings and the contract around this share. */
const MAXIMUM_GAS = 400_000

/** Operators that no operands in the domain make leave it. */
const SAFE = [
  'absolute relu reluGradient gelu silu broadcast permute place stack causalMask replaceRow dropoutMask normal clipFactor',
].flatMap(names => names.split(' '))

let chain: LocalChain
let harness: Harness
beforeAll(async () => {
  chain = await startLocalChain()
  harness = await startHarness(chain, 'ElementHarness')
})
afterAll(() => chain?.stop())

/** `node e2e/slow/referee-fuzz.ts --elements 20000` compares more. */
it('computes elements of every map operator in Solidity as in TypeScript and WebAssembly', async () => {
  const { counts, differences } = await compareOperators(harness, random(0x656c656d), ELEMENTS, PER_CASE)
  expect(differences.slice(0, 20)).toEqual([])
  for (const operator of mapOperators) {
    const { elements, diverged, gas } = counts.get(operator)!
    expect(elements, operator).toBeGreaterThanOrEqual(ELEMENTS)
    expect(diverged > 0, operator).toBe(!SAFE.includes(operator))
    expect(gas, operator).toBeLessThan(MAXIMUM_GAS)
  }
})

it('computes random programs in Solidity as in TypeScript', async () => {
  const { opcodes: seen, differences } = await comparePrograms(harness, random(0x70726f67), PROGRAMS)
  expect(differences.slice(0, 20)).toEqual([])
  expect([...seen].sort()).toEqual(Object.keys(opcodes).sort())
})

it('quantises, turns back and multiplies blocks in Solidity as in TypeScript and WebAssembly', async () => {
  const { counts, differences } = await compareBlocks(harness, random(0x626c6f63), BLOCKS)
  expect(differences.slice(0, 20)).toEqual([])
  expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(BLOCKS)
})
