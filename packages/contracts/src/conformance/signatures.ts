/**
 * Real signatures for the accounts of a pair. Signing takes time that a model has not: random calls come with notes of what
 * is to be signed, which are replaced before a call is made; the model then remembers who signed what.
 */
import type { Account, Anchor, SettlementCall, Signature, SignatureCheck, SignedMessage } from '@cairn/protocol'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { type SigningDomain, workDigest } from '../work-signatures.ts'

export interface Signatures {
  /** Notes that an account is to sign a message. */
  readonly note: (signer: Account, message: SignedMessage) => Signature
  readonly isSigned: SignatureCheck
  /** Signs all that a call has notes for. */
  sign(call: SettlementCall): Promise<SettlementCall>
}

export function createSignatures(
  domain: SigningDomain,
  keys: readonly { readonly privateKey: `0x${string}` }[],
): Signatures {
  const signers = new Map(keys.map(({ privateKey }) => privateKeyToAccount(privateKey)).map(one => [one.address, one]))
  const notes: { readonly signer: PrivateKeyAccount; readonly hash: `0x${string}` }[] = []
  const made = new Map<Signature, string>()
  const nameOf = (signer: Account, hash: string) => `${signer.toLowerCase()} ${hash}`
  const signed = async (note: Signature): Promise<Signature> => {
    const found = notes[Number(note)]
    if (note === '0x' || !found) return note
    const signature = await found.signer.sign({ hash: found.hash })
    made.set(signature, nameOf(found.signer.address, found.hash))
    return signature
  }
  const signAnchor = async (anchor: Anchor): Promise<Anchor> => {
    const works = await Promise.all(
      anchor.works.map(async work => ({
        ...work,
        signature: await signed(work.signature),
        outer: await signed(work.outer),
      })),
    )
    const audits = anchor.audits.map(async audit => ({ ...audit, signature: await signed(audit.signature) }))
    return { ...anchor, works, audits: await Promise.all(audits) }
  }
  return {
    note: (signer, message) => {
      notes.push({ signer: signers.get(signer)!, hash: workDigest(domain, message) })
      return `0x${(notes.length - 1).toString(16).padStart(64, '0')}`
    },
    isSigned: (signer, message, signature) => made.get(signature) === nameOf(signer, workDigest(domain, message)),
    async sign(call) {
      if (call.call === 'include') {
        const { lease, signature, kept } = call.args
        const again = { ...lease, signature: await signed(lease.signature) }
        const by = { signature: await signed(signature), kept: await Promise.all(kept.map(signed)) }
        return { ...call, args: { ...call.args, lease: again, ...by } }
      }
      if (call.call !== 'anchor' && call.call !== 'end') return call
      return { ...call, args: { ...call.args, anchor: await signAnchor(call.args.anchor) } } as SettlementCall
    },
  }
}
