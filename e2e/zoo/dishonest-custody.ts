/** A worker without custody: it asks nobody to hold what its unit of a round left, and holds nothing for others. */
import type { NodeParts } from '@cairn/node/parts'
import type { Message } from '@cairn/protocol'

/** Leaves out its requests about a round. */
export const asksNobody = (parts: NodeParts, { round }: { readonly round: number }): NodeParts => {
  const { mailbox, log } = parts
  return {
    ...parts,
    mailbox: {
      ...mailbox,
      send(to, kind, job, body) {
        const asked = kind === 'keep' ? (body as Extract<Message, { kind: 'keep' }>['body']) : undefined
        if (asked?.commitment.unit.round !== round) return mailbox.send(to, kind, job, body)
        log.info({ cheat: 'refuses-custody', round }, 'asks nobody to hold what its unit left')
      },
    },
  }
}

/** Does not hear that it is asked. */
export const holdsNothing = ({ kind }: Message): boolean => kind !== 'keep'
