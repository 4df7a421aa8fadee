import { expect, it } from 'vitest'
import { compileContracts, everyError } from '../build/compile.ts'
import * as anchors from './abi/anchors.ts'
import * as games from './abi/dispute-games.ts'
import * as earnings from './abi/earnings.ts'
import { errorsAbi } from './abi/errors.ts'
import * as escrow from './abi/escrow.ts'
import * as rules from './abi/game-rules.ts'
import * as referee from './abi/referee.ts'
import * as registry from './abi/registry.ts'
import * as slashing from './abi/slashing.ts'
import * as token from './abi/test-token.ts'
import * as disputes from './conformance/judged-disputes.ts'

it('is what the contracts compile to, without a warning', () => {
  const compiled = compileContracts()
  const committed = {
    TestToken: { abi: token.testTokenAbi, bytecode: token.testTokenBytecode },
    Registry: { abi: registry.registryAbi, bytecode: registry.registryBytecode },
    Escrow: { abi: escrow.escrowAbi, bytecode: escrow.escrowBytecode },
    Anchors: { abi: anchors.anchorsAbi, bytecode: anchors.anchorsBytecode },
    Earnings: { abi: earnings.earningsAbi, bytecode: earnings.earningsBytecode },
    Slashing: { abi: slashing.slashingAbi, bytecode: slashing.slashingBytecode },
    Referee: { abi: referee.refereeAbi, bytecode: referee.refereeBytecode },
    GameRules: { abi: rules.gameRulesAbi, bytecode: rules.gameRulesBytecode },
    DisputeGames: { abi: games.disputeGamesAbi, bytecode: games.disputeGamesBytecode },
    JudgedDisputes: { abi: disputes.judgedDisputesAbi, bytecode: disputes.judgedDisputesBytecode },
  }
  const again = Object.keys(committed).map(name => [
    name,
    { abi: compiled[name]!.abi.filter(entry => entry.type !== 'error'), bytecode: compiled[name]!.bytecode },
  ])
  const hint = 'run node packages/contracts/build/write.ts'
  expect(Object.fromEntries(again), hint).toEqual(committed)
  expect(everyError(compiled), hint).toEqual(errorsAbi)
  // What a chain accepts as a contract's code (EIP-170), with some room for the constructor's part.
  for (const [name, { bytecode }] of Object.entries(committed)) {
    expect(bytecode.length / 2, name).toBeLessThan(24_576)
  }
})
