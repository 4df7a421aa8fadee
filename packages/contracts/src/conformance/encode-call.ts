/** Writes a call of the reference model as a transaction to the contract that has it. */
import type { CallName, SettlementCall, SettlementCalls } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { earningsAbi } from '../abi/earnings.ts'
import { escrowAbi } from '../abi/escrow.ts'
import { registryAbi } from '../abi/registry.ts'
import { slashingAbi } from '../abi/slashing.ts'
import { testTokenAbi } from '../abi/test-token.ts'
import { linkData } from '../actions/anchor-round.ts'
import { includeData } from '../actions/include-unit.ts'
import { toAnchorRecord } from '../chain/anchor-record.ts'
import type { CallRequest } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { NetworkAddresses } from '../network-addresses.ts'
import { judgedDisputesAbi } from './judged-disputes.ts'

type Data = `0x${string}`
type Encoder<Name extends CallName> = readonly [keyof NetworkAddresses, (args: SettlementCalls[Name]) => Data]

const ENCODERS: { readonly [Name in CallName]: Encoder<Name> } = {
  mint: ['token', a => encodeFunctionData({ abi: testTokenAbi, functionName: 'mint', args: [a.to, a.amount] })],
  pause: ['registry', () => encodeFunctionData({ abi: registryAbi, functionName: 'pause' })],
  unpause: ['registry', () => encodeFunctionData({ abi: registryAbi, functionName: 'unpause' })],
  approveNode: [
    'registry',
    a => encodeFunctionData({ abi: registryAbi, functionName: 'approveNode', args: [a.node, a.approved] }),
  ],
  register: [
    'registry',
    ({ peerKey, signature: [r, s], owner, verifies }) =>
      encodeFunctionData({
        abi: registryAbi,
        functionName: 'register',
        args: [toBytes32(peerKey), [toBytes32(r), toBytes32(s)], owner, verifies],
      }),
  ],
  stake: ['registry', a => encodeFunctionData({ abi: registryAbi, functionName: 'stake', args: [a.amount] })],
  unstake: ['registry', a => encodeFunctionData({ abi: registryAbi, functionName: 'unstake', args: [a.amount] })],
  withdrawStake: ['registry', () => encodeFunctionData({ abi: registryAbi, functionName: 'withdrawStake' })],
  submit: [
    'escrow',
    ({ terms }) =>
      encodeFunctionData({
        abi: escrowAbi,
        functionName: 'submit',
        args: [{ ...terms, document: toBytes32(terms.document), provable: toBytes32(terms.provable) }],
      }),
  ],
  cancel: ['escrow', a => encodeFunctionData({ abi: escrowAbi, functionName: 'cancel', args: [toBytes32(a.job)] })],
  close: ['escrow', a => encodeFunctionData({ abi: escrowAbi, functionName: 'close', args: [toBytes32(a.job)] })],
  takeLease: [
    'anchors',
    a => encodeFunctionData({ abi: anchorsAbi, functionName: 'takeLease', args: [toBytes32(a.job)] }),
  ],
  releaseLease: [
    'anchors',
    a => encodeFunctionData({ abi: anchorsAbi, functionName: 'releaseLease', args: [toBytes32(a.job), a.epoch] }),
  ],
  anchor: ['anchors', a => linkData('anchor', a)],
  end: ['anchors', a => linkData('end', a)],
  include: ['anchors', includeData],
  finalise: [
    'anchors',
    a => encodeFunctionData({ abi: anchorsAbi, functionName: 'finalise', args: [toAnchorRecord(a.anchor)] }),
  ],
  release: [
    'anchors',
    a => encodeFunctionData({ abi: anchorsAbi, functionName: 'release', args: [toAnchorRecord(a.anchor), a.position] }),
  ],
  open: [
    'disputes',
    a =>
      encodeFunctionData({
        abi: judgedDisputesAbi,
        functionName: 'open',
        args: [toAnchorRecord(a.anchor), a.position, a.outer, '0x'],
      }),
  ],
  move: ['disputes', a => encodeFunctionData({ abi: judgedDisputesAbi, functionName: 'move', args: [BigInt(a.game)] })],
  rule: [
    'disputes',
    a => encodeFunctionData({ abi: judgedDisputesAbi, functionName: 'rule', args: [BigInt(a.game), a.defended] }),
  ],
  timeout: [
    'disputes',
    a => encodeFunctionData({ abi: judgedDisputesAbi, functionName: 'timeout', args: [BigInt(a.game)] }),
  ],
  dissolve: [
    'disputes',
    a => encodeFunctionData({ abi: judgedDisputesAbi, functionName: 'dissolve', args: [BigInt(a.game)] }),
  ],
  report: [
    'slashing',
    a => encodeFunctionData({ abi: slashingAbi, functionName: 'report', args: [toAnchorRecord(a.anchor), a.position] }),
  ],
  compensate: [
    'slashing',
    a => encodeFunctionData({ abi: slashingAbi, functionName: 'compensate', args: [toBytes32(a.wrong), a.account] }),
  ],
  assertEarnings: [
    'earnings',
    a =>
      encodeFunctionData({
        abi: earningsAbi,
        functionName: 'assertEarnings',
        args: [toBytes32(a.job), a.epoch, a.rounds, a.leaves, a.isFinal],
      }),
  ],
  count: [
    'earnings',
    a =>
      encodeFunctionData({
        abi: earningsAbi,
        functionName: 'count',
        args: [toBytes32(a.job), a.account, a.links.map(toAnchorRecord)],
      }),
  ],
  challengeEarnings: [
    'earnings',
    a =>
      encodeFunctionData({
        abi: earningsAbi,
        functionName: 'challengeEarnings',
        args: [toBytes32(a.job), a.account, a.settled, a.pending],
      }),
  ],
  settle: ['earnings', a => encodeFunctionData({ abi: earningsAbi, functionName: 'settle', args: [toBytes32(a.job)] })],
  withdraw: [
    'earnings',
    a =>
      encodeFunctionData({
        abi: earningsAbi,
        functionName: 'withdraw',
        args: [toBytes32(a.job), a.account, a.counts, a.proof.map(toBytes32)],
      }),
  ],
}

export function encodeCall(addresses: NetworkAddresses, { call, args }: SettlementCall): CallRequest {
  const [contract, encode] = ENCODERS[call] as Encoder<CallName>
  return { to: addresses[contract], data: encode(args as never) }
}
