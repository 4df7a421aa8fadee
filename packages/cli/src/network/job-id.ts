/** Jobs as people name them: by the beginning of the id. */
import type { JobOnChain } from '@cairn/contracts'
import { InputError } from '@cairn/primitives'

const SHORTEST_PREFIX = 6

/** Reads the id of a job or the beginning of one. Throws `InputError` (`BadJobId`). */
export function jobPrefix(text: string): string {
  const prefix = text.toLowerCase().replace(/^0x/, '')
  if (new RegExp(`^[0-9a-f]{${SHORTEST_PREFIX},64}$`).test(prefix)) return prefix
  throw new InputError('BadJobId', 'This is no job.', {
    path: 'JOB',
    expected: `the 64 hex digits of a job, or at least the first ${SHORTEST_PREFIX}`,
    found: text.slice(0, 80),
    fix: '`cairn jobs` lists the jobs of the network.',
  })
}

/** Finds the one job that a prefix names. Throws `InputError` (`UnknownJob`). */
export function onlyJob(jobs: readonly JobOnChain[], prefix: string): JobOnChain {
  const found = jobs.filter(({ job }) => job.startsWith(prefix))
  if (found[0] !== undefined && found.length === 1) return found[0]
  throw new InputError('UnknownJob', 'The network knows no such job.', {
    path: prefix,
    expected: 'the beginning of the id of exactly one job',
    found: found.length === 0 ? 'none that begins so' : `${found.length} that begin so`,
    fix: '`cairn jobs` lists the jobs of the network.',
  })
}
