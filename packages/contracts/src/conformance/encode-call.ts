/** Writes a call of the reference model as a transaction to the contract that has it. */
import type { CallName, SettlementCall, SettlementCalls } from '@cairn/protocol'
import { encodeFunctionData } from 'viem'
import { anchorsAbi } from '../abi/anchors.ts'
import { earningsAbi } from '../abi/earnings.ts'
import { escrowAbi } from '../abi/escrow.ts'
import { registryAbi } from '../abi/registry.ts'
import { testTokenAbi } from '../abi/test-token.ts'
import type { CallRequest } from '../chain/call.ts'
import { toBytes32 } from '../chain/hex.ts'
import type { NetworkAddresses } from '../network-addresses.ts'

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
    ({ peerKey, signature: [r, s], owner }) =>
      encodeFunctionData({
        abi: registryAbi,
        functionName: 'register',
        args: [toBytes32(peerKey), [toBytes32(r), toBytes32(s)], owner],
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
        args: [{ ...terms, document: toBytes32(terms.document) }],
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
  anchor: [
    'anchors',
    a =>
      encodeFunctionData({
        abi: anchorsAbi,
        functionName: 'anchor',
        args: [
          toBytes32(a.job),
          a.epoch,
          toBytes32(a.previousHead),
          a.round,
          toBytes32(a.globalRoot),
          toBytes32(a.documentId),
        ],
      }),
  ],
  end: [
    'anchors',
    a =>
      encodeFunctionData({
        abi: anchorsAbi,
        functionName: 'end',
        args: [toBytes32(a.job), a.epoch, toBytes32(a.previousHead), toBytes32(a.documentId)],
      }),
  ],
  assertEarnings: [
    'earnings',
    a =>
      encodeFunctionData({
        abi: earningsAbi,
        functionName: 'assertEarnings',
        args: [toBytes32(a.job), a.epoch, a.rounds, toBytes32(a.root), a.totals, a.isFinal],
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
