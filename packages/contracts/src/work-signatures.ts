/** What accounts sign of work (EIP-712), so that a contract can hold them to it. SPEC: docs/spec/anchors.md. */
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
  Lease: [
    { name: 'job', type: 'bytes32' },
    { name: 'epoch', type: 'uint32' },
    { name: 'round', type: 'uint32' },
    { name: 'index', type: 'uint32' },
    { name: 'worker', type: 'address' },
    { name: 'until', type: 'uint48' },
    { name: 'custodians', type: 'address[]' },
  ],
  Custody: [
    { name: 'job', type: 'bytes32' },
    { name: 'round', type: 'uint32' },
    { name: 'index', type: 'uint32' },
    { name: 'claim', type: 'bytes32' },
  ],
  Attestation: [
    { name: 'job', type: 'bytes32' },
    { name: 'round', type: 'uint32' },
    { name: 'index', type: 'uint32' },
    { name: 'segment', type: 'uint32' },
    { name: 'claim', type: 'bytes32' },
  ],
} as const

type Domain = { readonly name: string; readonly version: string; readonly chainId: number; verifyingContract: Account }
type Digest<Of extends SignedMessage['of']> = (
  domain: Domain,
  message: Extract<SignedMessage, { readonly of: Of }>,
) => `0x${string}`

const DIGESTS: { readonly [Of in SignedMessage['of']]: Digest<Of> } = {
  work: (domain, { of: _, job, root, claims, claim, ...rest }) => {
    const hashes = { job: toBytes32(job), root: toBytes32(root), claims: toBytes32(claims), claim: toBytes32(claim) }
    return hashTypedData({ domain, types: TYPES, primaryType: 'Work', message: { ...rest, ...hashes } })
  },
  outer: (domain, { round, job, previousRoot, claims, globalRoot }) => {
    const roots = { previousRoot: toBytes32(previousRoot), globalRoot: toBytes32(globalRoot) }
    const message = { job: toBytes32(job), round, claims: toBytes32(claims), ...roots }
    return hashTypedData({ domain, types: TYPES, primaryType: 'Outer', message })
  },
  lease: (domain, { of: _, job, ...rest }) =>
    hashTypedData({ domain, types: TYPES, primaryType: 'Lease', message: { ...rest, job: toBytes32(job) } }),
  custody: (domain, { of: _, job, claim, ...rest }) => {
    const message = { ...rest, job: toBytes32(job), claim: toBytes32(claim) }
    return hashTypedData({ domain, types: TYPES, primaryType: 'Custody', message })
  },
  attestation: (domain, { of: _, job, claim, ...rest }) => {
    const message = { ...rest, job: toBytes32(job), claim: toBytes32(claim) }
    return hashTypedData({ domain, types: TYPES, primaryType: 'Attestation', message })
  },
}

/** Computes the 32 bytes that an account signs for a unit, an outer step, a lease of a unit, its custody or an attestation. */
export function workDigest({ chainId, anchors }: SigningDomain, message: SignedMessage): `0x${string}` {
  const domain = { name: 'Cairn', version: '1', chainId, verifyingContract: anchors }
  const digest = DIGESTS[message.of] as Digest<SignedMessage['of']>
  return digest(domain, message as never)
}
