/** Who speaks as a job's coordinator: whoever holds the job's lease on the chain, and nobody else. */
import type { JobId } from '@cairn/protocol'
import { type ChainWatch, sameAccount } from './chain-watch.ts'

/** Tells whether a peer coordinates a job, as the chain was last read. */
export function isCoordinator(chain: Pick<ChainWatch, 'job' | 'node'>, sender: string, job: JobId): boolean {
  const holder = chain.job(job)?.anchors.holder
  const node = chain.node(sender)
  return holder !== undefined && node !== undefined && sameAccount(holder, node.account)
}
