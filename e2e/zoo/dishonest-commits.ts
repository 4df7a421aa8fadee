/**
 * A worker that equivocates: of its unit of a round it signs two results, a wrong and a right one, and sends both, the wrong one
 * first. What it has computed, and what it plays in a game, is the right one.
 */
import { claimHash, claimsHash, signWork } from '@cairn/contracts'
import type { NodeParts } from '@cairn/node/parts'
import { encodeHex, type HashHex } from '@cairn/primitives'
import { commitmentStatement, type Message, type SignedCommitment, trainedMessage } from '@cairn/protocol'

type Commit = Extract<Message, { kind: 'commit' }>['body']

/** Claims that led to the state which the unit starts from, as its lease says. */
let before: readonly HashHex[] = []

/** Keeps what signing takes of the lease on a unit of the round. */
export function readsLease(message: Message, _: NodeParts, { round }: { readonly round: number }): boolean {
  if (message.kind === 'lease' && message.body.unit.round === round) before = message.body.claims
  return true
}

/** The same unit with another loss. Its custodians have signed for states alone. */
async function wronged({ client, signer }: NodeParts, signed: SignedCommitment): Promise<SignedCommitment> {
  const commitment = { ...signed.commitment, lossBits: signed.commitment.lossBits ^ 1 }
  const claimed = await signWork(client, trainedMessage({ claimHash, claimsHash }, commitment, before))
  const signature = encodeHex(signer.sign(commitmentStatement(commitment)))
  return { ...signed, commitment, signature, claimSignature: claimed.slice(2) }
}

/** Sends another result before that of its unit of the round. */
export const signsTwice = (parts: NodeParts, { round }: { readonly round: number }): NodeParts => {
  const { mailbox, log } = parts
  return {
    ...parts,
    mailbox: {
      ...mailbox,
      send(to, kind, job, body) {
        const said = kind === 'commit' ? (body as Commit) : undefined
        if (said?.outcome !== 'trained' || said.commitment.commitment.unit.round !== round)
          return mailbox.send(to, kind, job, body)
        log.info({ cheat: 'equivocator', round }, 'signs two results of its unit, and sends the wrong one first')
        wronged(parts, said.commitment)
          .then(commitment => mailbox.send(to, 'commit', job, { ...said, commitment }))
          .then(() => mailbox.send(to, kind, job, body))
          .catch(error => log.warn({ error: String(error) }, 'could not sign twice'))
      },
    },
  }
}
