/** The bond that deters, from the contract and from its twin: every bit of a price, rate and share may differ. */
import { philox4x32 } from '@cairn/primitives'
import { type Terms, unitBondFor } from '@cairn/protocol'
import type { Abi } from 'viem'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { compileTestContract } from '../build/compile.ts'
import { createConnection, type LocalChain, startLocalChain } from './index.ts'

const CALLS = 10
/** As many as one call that also brings the code along may carry. */
const CASES = 200
const REFUSED = 2n ** 256n - 1n

let chain: LocalChain
beforeAll(async () => {
  chain = await startLocalChain()
})
afterAll(() => chain?.stop())

/** A number of up to so many bits, small and large ones alike. */
const someBits = (word: number, shift: number, bits: number): bigint =>
  BigInt.asUintN(shift % (bits + 1), (BigInt(word) * 0x9e3779b97f4a7c15f39cc0605cedc835n) & (2n ** BigInt(bits) - 1n))

function someCase(i: number) {
  const [a, b, c, d] = philox4x32([i, 0, 0, 0], [5, 0])
  const [e, f] = philox4x32([i, 1, 0, 0], [5, 0])
  return {
    trainPrice: someBits(a, c, 128),
    evaluatePrice: f % 4 === 0 ? someBits(b, d, 128) : 0n,
    auditRate: 1 + (e % (f % 3 === 0 ? 1_000_000 : 50)),
    colluding: c % 8 === 0 ? 999_999 : d % 1_000_000,
    verifiers: 1 + (d % 5),
    policy: f % 16 === 0 ? 0 : 1,
  }
}

it('is the same in Solidity and in the model, refusals included', async () => {
  const { abi, bytecode } = compileTestContract('TermsHarness')
  const { reader } = createConnection({ rpcUrl: chain.rpcUrl, chainId: chain.chainId })
  let refused = 0
  for (let call = 0; call < CALLS; call++) {
    const cases = Array.from({ length: CASES }, (_, i) => someCase(call * CASES + i))
    const request = { abi: abi as Abi, code: bytecode, functionName: 'bonds', args: [cases] }
    const said = cases.map(({ colluding, ...terms }) => unitBondFor(terms as unknown as Terms, colluding) ?? REFUSED)
    expect(await reader.readContract(request)).toEqual(said)
    refused += said.filter(bond => bond === REFUSED).length
  }
  expect(refused).toBeGreaterThan((CALLS * CASES) / 20)
  expect(refused).toBeLessThan((CALLS * CASES) / 2)
})
