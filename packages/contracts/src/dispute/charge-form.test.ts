/** A charge that was written for a contract is read back as it was. Whole games: e2e/disputes. */
import { type HashHex, toHashHex } from '@cairn/primitives'
import type { Account, Audit, JobId, UnitClaim, Work } from '@cairn/protocol'
import { decodeFunctionData, encodeFunctionData } from 'viem'
import { expect, it } from 'vitest'
import { disputeGamesAbi } from '../abi/dispute-games.ts'
import { chargeForm, chargeOf, type GameCharge } from './charge-form.ts'

const hash = (digit: string): HashHex => toHashHex(digit.repeat(64))
const account = (digit: string): Account => `0x${digit.repeat(40)}`
const claim = (digit: string): UnitClaim => ({
  ...{ globalRoot: hash(digit), replicaRoot: hash('2'), updateRoot: hash('3'), newReplicaRoot: hash('4') },
  ...{ checkpointRoots: [hash('5'), hash('6')], lossBits: 2 ** 32 - 1, stepsRoot: hash('7'), saltHash: hash('8') },
})
const work: Work = {
  worker: account('1'),
  index: 1,
  claim: hash('9'),
  signature: '0x0102',
  outer: '0x',
  custodians: [account('2'), account('3')],
}
const audit: Audit = {
  ...{ verifier: account('5'), round: 2, index: 0, segment: 3, claim: hash('a'), signature: '0x0304' },
}
const charge: GameCharge = {
  anchor: {
    ...{
      job: hash('a') as string as JobId,
      previousHead: hash('b'),
      previousRoot: hash('c'),
      previousClaims: hash('d'),
    },
    ...{ globalRoot: hash('e'), documentId: hash('f'), coordinator: account('4'), round: 3 },
    works: [work],
    audits: [audit],
  },
  ...{ position: 1, isOuter: true, part: 4 },
  job: {
    ...{ programRoot: hash('1'), programLeaves: 500, dataRoot: hash('2'), initialRoot: hash('3') },
    ...{ freshReplicaRoot: hash('4'), isReplicaKept: true, seed: 7, innerSteps: 50 },
    ...{ checkpoints: 5, evaluationBatches: 2 },
  },
  claims: [claim('1'), claim('2')],
  claimsBefore: [claim('3')],
  contents: { index: 0, content: Uint8Array.of(0, 1, 2), path: [hash('4')] },
}

it('is read back from the calldata of the transaction that opened the game', () => {
  const data = encodeFunctionData({ abi: disputeGamesAbi, functionName: 'open', args: chargeForm(charge) })
  const { functionName, args } = decodeFunctionData({ abi: disputeGamesAbi, data })
  if (functionName !== 'open') throw new Error(functionName)
  expect(chargeOf(args)).toStrictEqual(charge)
})
