/** Says every two seconds that this node is there, what it asks for and where it can be reached. */
import type { MessageBodies } from '@cairn/protocol'
import type { Mailbox } from './mailbox.ts'

const EVERY_MS = 2_000

export interface Presence {
  start(): void
  /** Says that the node is leaving: it gets no more leases. */
  leave(): void
  stop(): void
}

/** `describe` gives what there is to say now. */
export function announcePresence(
  mailbox: Mailbox,
  describe: () => Omit<MessageBodies['presence'], 'leaving'>,
): Presence {
  let timer: NodeJS.Timeout | undefined
  const say = (leaving: boolean) => mailbox.publish('presence', undefined, { ...describe(), leaving })
  return {
    start() {
      say(false)
      // Gossip needs a moment to find its peers; the first words are often heard by nobody.
      timer = setInterval(() => say(false), EVERY_MS)
      for (const afterMs of [200, 600]) setTimeout(() => timer && say(false), afterMs).unref()
    },
    leave() {
      clearInterval(timer)
      timer = undefined
      say(true)
    },
    stop() {
      clearInterval(timer)
      timer = undefined
    },
  }
}
