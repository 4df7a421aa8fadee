import { expect, it } from 'vitest'
import { compileContracts, everyError } from '../build/compile.ts'
import * as anchors from './abi/anchors.ts'
import * as earnings from './abi/earnings.ts'
import { errorsAbi } from './abi/errors.ts'
import * as escrow from './abi/escrow.ts'
import * as registry from './abi/registry.ts'
import * as token from './abi/test-token.ts'

it('is what the contracts compile to, without a warning', () => {
  const compiled = compileContracts()
  const committed = {
    TestToken: { abi: token.testTokenAbi, bytecode: token.testTokenBytecode },
    Registry: { abi: registry.registryAbi, bytecode: registry.registryBytecode },
    Escrow: { abi: escrow.escrowAbi, bytecode: escrow.escrowBytecode },
    Anchors: { abi: anchors.anchorsAbi, bytecode: anchors.anchorsBytecode },
    Earnings: { abi: earnings.earningsAbi, bytecode: earnings.earningsBytecode },
  }
  const again = Object.keys(committed).map(name => [
    name,
    { abi: compiled[name]!.abi.filter(entry => entry.type !== 'error'), bytecode: compiled[name]!.bytecode },
  ])
  const hint = 'run node packages/contracts/build/write.ts'
  expect(Object.fromEntries(again), hint).toEqual(committed)
  expect(everyError(compiled), hint).toEqual(errorsAbi)
})
