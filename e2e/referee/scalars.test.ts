import { type LocalChain, startLocalChain } from '@cairn/contracts'
import { startHarness } from '@cairn/contracts/conformance'
import { random } from '@cairn/engine/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compareScalars } from './compare-scalars.ts'
import { scalarOperations } from './scalar-operation.ts'

const CASES = 50_000

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

/** `node e2e/slow/referee-fuzz.ts --scalar 1000000` compares more. */
it('computes scalars in Solidity as in TypeScript and WebAssembly', async () => {
  const harness = await startHarness(chain, 'ArithmeticHarness')
  const { counts, differences } = await compareScalars(harness, random(0x73636c72), CASES)
  expect(differences.slice(0, 20)).toEqual([])
  expect([...counts.keys()].sort()).toEqual([...scalarOperations].sort())
  expect(Math.min(...counts.values())).toBeGreaterThan(CASES / 40)
})
