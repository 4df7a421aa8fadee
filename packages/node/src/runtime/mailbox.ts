/** Between roles and the wire: seals what a node says, opens and checks what it hears, counts what it drops. */
import type { HashHex } from '@cairn/primitives'
import {
  type Channel,
  createGuard,
  type Guard,
  type GuardRules,
  type JobId,
  MESSAGE_KINDS,
  type Message,
  type MessageBodies,
  type MessageKind,
  nextSequence,
  openMessage,
  sealMessage,
} from '@cairn/protocol'
import type { Logger } from '../log/logger.ts'
import { type Signer, verifySignature } from '../network/signing.ts'

/** What carries bytes; `network/` has the real one. */
interface Wire {
  send(peer: string, bytes: Uint8Array): void
  publish(channel: Exclude<Channel, 'direct'>, bytes: Uint8Array): void
}

export interface MailboxOptions {
  readonly network: HashHex
  readonly signer: Signer
  readonly rules: Pick<GuardRules, 'isKnown' | 'mayStrangersSend' | 'isJobKnown'>
  readonly log: Logger
  readonly onMessage: (message: Message) => void
}

export interface Mailbox {
  readonly guard: Guard
  send<Kind extends MessageKind>(to: string, kind: Kind, job: JobId | undefined, body: MessageBodies[Kind]): void
  publish<Kind extends MessageKind>(kind: Kind, job: JobId | undefined, body: MessageBodies[Kind]): void
  /** Takes bytes from the wire; tells whether they were a message. */
  receive(bytes: Uint8Array, channel: Channel, remote?: string): boolean
  connect(wire: Wire): void
}

/** Opens a mailbox; it says nothing before it is connected. */
export function createMailbox({ network, signer, rules, log, onMessage }: MailboxOptions): Mailbox {
  const guard = createGuard({ network, verifySignature, ...rules })
  const sequences: Record<Channel, number> = { direct: 0, presence: 0, commitments: 0 }
  let wire: Wire | undefined

  function seal<Kind extends MessageKind>(kind: Kind, job: JobId | undefined, body: MessageBodies[Kind]) {
    const { channel } = MESSAGE_KINDS[kind]
    const sequence = nextSequence(sequences[channel], Date.now())
    sequences[channel] = sequence
    return sealMessage(signer, { network, kind, sequence, ...(job === undefined ? {} : { job }), body })
  }

  return {
    guard,
    send(to, kind, job, body) {
      wire?.send(to, seal(kind, job, body))
    },
    publish(kind, job, body) {
      const { channel } = MESSAGE_KINDS[kind]
      if (channel !== 'direct') wire?.publish(channel, seal(kind, job, body))
    },
    receive(bytes, channel, remote) {
      const opened = openMessage(guard, bytes, { channel, ...(remote === undefined ? {} : { remote }) })
      if (opened.ok) onMessage(opened.message)
      else log.info({ code: opened.code, remote: remote?.slice(0, 8), channel }, 'dropped a message')
      return opened.ok
    },
    connect(to) {
      wire = to
    },
  }
}
