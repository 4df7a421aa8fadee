/** How nodes of a dispute reach each other: mailboxes on real hosts, which know each other's addresses. */
import { networkId } from '@cairn/contracts'
import {
  createHost,
  createMailbox,
  type GameParts,
  type Host,
  type hostGames,
  type Mailbox,
  signerOf,
} from '@cairn/node/parts'
import type { Message } from '@cairn/protocol'

export interface PostOffice {
  /** By public key, whoever is there. */
  readonly present: Map<string, Host>
  /** Bytes of messages that were sent by those who have left. */
  leftBytes: number
}

export const postOffice = (): PostOffice => ({ present: new Map(), leftBytes: 0 })

export const sentBytes = ({ present, leftBytes }: PostOffice): number =>
  [...present.values()].reduce((sum, { counts }) => sum + counts.sentBytes, leftBytes)

export interface Post {
  readonly mailbox: Mailbox
  /** For its game host. */
  readonly wire: Parameters<typeof hostGames>[0]['wire']
  leave(): Promise<void>
}

type Joining = Pick<GameParts, 'chain' | 'client' | 'log'>

/** Opens a mailbox. */
export async function joinOffice(
  office: PostOffice,
  { chain, client, log }: Joining,
  seed: Uint8Array,
  onMessage: (message: Message) => void,
): Promise<Post> {
  const { present } = office
  const network = networkId(client.chainId, client.addresses.escrow)
  const isKnown = (peer: string) => chain.node(peer) !== undefined
  const rules = {
    isKnown,
    mayStrangersSend: () => false,
    isJobKnown: (job: Parameters<typeof chain.job>[0]) => chain.job(job) !== undefined,
  }
  const mailbox = createMailbox({ network, signer: signerOf(seed), rules, log: log as never, onMessage })
  const host = await createHost({
    ...{ privateKey: seed, network, isKnown, listen: ['/ip4/127.0.0.1/tcp/0'] },
    onMessage: (bytes, from) => mailbox.receive(bytes, 'direct', from),
    onGossip: () => 'ignore',
  })
  mailbox.connect({ send: host.send, publish: () => undefined })
  for (const other of present.values()) {
    other.learn({ peer: host.peer, addresses: host.addresses() })
    host.learn({ peer: other.peer, addresses: other.addresses() })
  }
  present.set(host.peer, host)
  return {
    mailbox,
    wire: {
      peerOf(account) {
        const peer = chain.nodeOfAccount(account)?.peer
        return peer !== undefined && present.has(peer) ? peer : undefined
      },
      send: (peer, job, body) => mailbox.send(peer, 'game', job, body),
    },
    async leave() {
      present.delete(host.peer)
      office.leftBytes += host.counts.sentBytes
      await host.stop()
    },
  }
}
