/**
 * Contracts that exist for tests alone (`test/*.sol`), compiled on demand and called on a local chain: what a contract
 * computes, thousands of cases a call. Nothing is written to the chain but the code.
 */
import { type Abi, createTestClient, http, publicActions, zeroAddress } from 'viem'
import { compileTestContract } from '../../build/compile.ts'
import type { LocalChain } from '../local-chain.ts'

export type HarnessName = 'ArithmeticHarness' | 'ElementHarness'

export interface Harness {
  /** Calls a function and returns what it returns. Throws viem's error with the custom error's name when it reverts. */
  call<T>(functionName: string, ...args: readonly unknown[]): Promise<T>
}

/** Far above a block's limit, which does not bind a call that is not sent. */
const GAS = 2n ** 40n
const TIMEOUT_MS = 120_000

/** Compiles a harness and puts its code on the chain. */
export async function startHarness({ rpcUrl }: LocalChain, name: HarnessName): Promise<Harness> {
  const { abi, bytecode } = compileTestContract(name)
  const transport = http(rpcUrl, { timeout: TIMEOUT_MS, retryCount: 0 })
  const client = createTestClient({ mode: 'anvil', transport }).extend(publicActions)
  const address = addressOf(name)
  const { data } = await client.call({ data: bytecode, to: null, account: zeroAddress })
  await client.setCode({ address, bytecode: data! })
  const contract = { address, abi: abi as Abi, gas: GAS }
  return {
    call: async <T>(functionName: string, ...args: readonly unknown[]) =>
      (await client.simulateContract({ ...contract, functionName, args })).result as T,
  }
}

/** Any addresses that nothing else has. */
const addressOf = (name: HarnessName): `0x${string}` =>
  name === 'ArithmeticHarness' ? `0x${'a1'.repeat(20)}` : `0x${'e1'.repeat(20)}`
