import type { JobId } from '@cairn/protocol'
import type { ChainWatch } from './chain-watch.ts'

/** Says that a node's stake does not cover the bond of one more unit of a job, if so. */
export function missingBond(
  chain: Pick<ChainWatch, 'job' | 'registered'>,
  job: JobId,
  peer: string,
): string | undefined {
  const { unitBond = 0n } = chain.job(job) ?? {}
  if (unitBond === 0n) return undefined
  const { stake = 0n, locked = 0n } = chain.registered(peer) ?? {}
  const isEnough = stake - locked >= unitBond
  return isEnough ? undefined : `of its stake ${stake - locked} is free, and the unit's bond is ${unitBond}`
}
