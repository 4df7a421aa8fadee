/** Carries what nodes of a dispute say to each other: real messages, sealed, checked and counted, without a network between. */
import { networkId } from '@cairn/contracts'
import { createMailbox, type GameParts, type hostGames, type Mailbox, type Signer } from '@cairn/node/parts'
import type { Message } from '@cairn/protocol'

export interface PostOffice {
  /** By public key, whoever is there. */
  readonly present: Map<string, Mailbox>
  readonly carried: { readonly from: string; readonly to: string; readonly bytes: number }[]
}

export const postOffice = (): PostOffice => ({ present: new Map(), carried: [] })

type Joining = Pick<GameParts, 'chain' | 'client' | 'log'>

/** Opens a mailbox. */
export function join(
  { present, carried }: PostOffice,
  { chain, client, log }: Joining,
  signer: Signer,
  onMessage: (message: Message) => void,
): Mailbox {
  const network = networkId(client.chainId, client.addresses.escrow)
  const rules = {
    isKnown: (sender: string) => chain.node(sender) !== undefined,
    mayStrangersSend: () => false,
    isJobKnown: (job: Parameters<typeof chain.job>[0]) => chain.job(job) !== undefined,
  }
  const mailbox = createMailbox({ network, signer, rules, log: log as never, onMessage })
  mailbox.connect({
    send(to, bytes) {
      carried.push({ from: signer.peer, to, bytes: bytes.length })
      // As a network does: not before the sender has gone on.
      setImmediate(() => present.get(to)?.receive(bytes, 'direct', signer.peer))
    },
    publish: () => undefined,
  })
  present.set(signer.peer, mailbox)
  return mailbox
}

/** Makes a game host's way to others. */
export const wireOf = (
  { present }: PostOffice,
  { chain }: Pick<GameParts, 'chain'>,
  mailbox: Mailbox,
): Parameters<typeof hostGames>[0]['wire'] => ({
  peerOf(account) {
    const peer = chain.nodeOfAccount(account)?.peer
    return peer !== undefined && present.has(peer) ? peer : undefined
  },
  send: (peer, job, body) => mailbox.send(peer, 'game', job, body),
})
