/** A compute thread in a test, on a disk of its own; `cleanUp` puts both away. And what is asked of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { HashHex } from '@cairn/primitives'
import type { Commitment } from '@cairn/protocol'
import { type BlobStore, openBlobStore } from '../../blobs/blob-store.ts'
import { atEnd } from '../../network/testing/clean-up.ts'
import { type Compute, createCompute } from '../compute.ts'
import type { Answer, UnitWork, WorkKind, WorkResults } from '../work.ts'
import type { SubmittedJob } from './submitted-job.ts'

export interface TestCompute {
  readonly directory: string
  readonly blobs: BlobStore
  readonly compute: Compute
}

export async function testCompute(): Promise<TestCompute> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-compute-'))
  atEnd(() => rmSync(directory, { recursive: true, force: true }))
  const blobDirectory = join(directory, 'blobs')
  const blobs = await openBlobStore({ directory: blobDirectory })
  const compute = createCompute({ blobDirectory, progressDirectory: join(directory, 'progress'), threads: 1 })
  atEnd(compute.terminate)
  return { directory, blobs, compute }
}

/** What comes of it, where nothing else may come of it. */
export async function must<Kind extends WorkKind>(answer: Promise<Answer<Kind>>): Promise<WorkResults[Kind]> {
  const found = await answer
  if (found.ok) return found.value
  throw new Error(JSON.stringify(found))
}

export interface Place {
  readonly round: number
  readonly replica: number
  readonly globalRoot: HashHex
  /** What the replica did in the round before. */
  readonly before?: Commitment | undefined
}

export const unitOf = ({ submission }: SubmittedJob, { before, ...place }: Place): UnitWork => ({
  ...{ kind: 'runUnit', document: submission.documentId, ...place, checkpointEverySeconds: 0 },
  ...(before && { replicaRoot: before.newReplicaRoot }),
})

/** Has a unit done. */
export const doUnit = async (compute: Compute, job: SubmittedJob, place: Place): Promise<Commitment> =>
  (await must(compute.request(unitOf(job, place)))).commitment
