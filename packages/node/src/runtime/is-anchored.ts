/** Whether the chain holds what a coordinator says it does. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChainClient, listAnchors } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import type { JobId } from '@cairn/protocol'
import type { Logger } from '../log/logger.ts'

const ATTEMPTS = 5
const PAUSE_MS = 1_000

/**
 * Tells whether a document is that of an anchored round. Asks a few times: a coordinator sends it before its anchor, so
 * that it is not lost with it, and this node's RPC may be behind or away for a moment.
 */
export async function isAnchored(
  { client, log }: { readonly client: ChainClient; readonly log: Logger },
  job: JobId,
  round: number,
  documentId: HashHex,
  pauseMs = PAUSE_MS,
): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await sleep(attempt * pauseMs, undefined, { ref: false })
    try {
      const anchor = (await listAnchors(client, job, round)).find(each => each.round === round)
      if (anchor !== undefined) return anchor.documentId === documentId
    } catch (error) {
      log.info({ job, round, error: String(error) }, 'the chain does not say whether a round is anchored')
    }
  }
  return false
}
