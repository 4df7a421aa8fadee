/** What workers sign with their accounts (EIP-712), so that a contract can hold them to it. SPEC: docs/spec/anchors.md. */
import type { Account, SignedMessage } from '@cairn/protocol'
import { hashTypedData } from 'viem'
import { toBytes32 } from './chain/hex.ts'

/** Where a signature counts: one network's Anchors contract. */
export interface SigningDomain {
  readonly chainId: number
  readonly anchors: Account
}

const TYPES = {
  Work: [
    { name: 'job', type: 'bytes32' },
    { name: 'round', type: 'uint32' },
    { name: 'index', type: 'uint32' },
    { name: 'root', type: 'bytes32' },
    { name: 'claims', type: 'bytes32' },
    { name: 'claim', type: 'bytes32' },
  ],
  Outer: [
    { name: 'job', type: 'bytes32' },
    { name: 'round', type: 'uint32' },
    { name: 'previousRoot', type: 'bytes32' },
    { name: 'claims', type: 'bytes32' },
    { name: 'globalRoot', type: 'bytes32' },
  ],
} as const

/** Computes the 32 bytes that a worker's account signs for a unit or an outer step. */
export function workDigest({ chainId, anchors }: SigningDomain, message: SignedMessage): `0x${string}` {
  const domain = { name: 'Cairn', version: '1', chainId, verifyingContract: anchors }
  const about = { job: toBytes32(message.job), round: message.round, claims: toBytes32(message.claims) }
  if (message.of === 'work') {
    const { index, claim, root } = message
    const work = { ...about, index, root: toBytes32(root), claim: toBytes32(claim) }
    return hashTypedData({ domain, types: TYPES, primaryType: 'Work', message: work })
  }
  const outer = {
    ...about,
    previousRoot: toBytes32(message.previousRoot),
    globalRoot: toBytes32(message.globalRoot),
  }
  return hashTypedData({ domain, types: TYPES, primaryType: 'Outer', message: outer })
}
