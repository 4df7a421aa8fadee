/** A worker's host in a test: real storage, blobs and signatures; chain, network and compute thread as the test says. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChainClient } from '@cairn/contracts'
import { encodeUtf8, type HashHex, sha256 } from '@cairn/primitives'
import {
  type BlobId,
  type Commitment,
  type JobId,
  type Message,
  type MessageBodies,
  type MessageKind,
  type PeerAddress,
  type ProvableJob,
  parseJobSpec,
} from '@cairn/protocol'
import { compileJob, prepareData, type Submission, submissionOf } from '@cairn/training'
import { privateKeyToAccount } from 'viem/accounts'
import { type BlobStore, openBlobStore } from '../../blobs/blob-store.ts'
import { DEFAULT_RATES, termsOf } from '../../client/terms.ts'
import { silentLogger } from '../../log/logger.ts'
import { signerOf } from '../../network/signing.ts'
import { atEnd } from '../../network/testing/clean-up.ts'
import { testSeed } from '../../network/testing/test-host.ts'
import { openStorage, type Storage } from '../../storage/open-storage.ts'
import type { JobView } from '../chain-watch.ts'
import type { WorkerParts } from '../parts.ts'
import { hostWorker, type WorkerHost } from '../worker-host.ts'
import { anchoringReader } from './anchoring-reader.ts'

const NO_DRAWS = { of: () => undefined, orderOf: () => undefined }
export const COORDINATOR = 'c'.repeat(64)
/** Any 32 bytes make a key, and a peer id is 32 bytes. */
const accountKeyOf = (peer: string) => privateKeyToAccount(`0x${peer}`)

/** The account that is registered for a peer. */
export const accountOf = (peer: string): string => accountKeyOf(peer).address.toLowerCase()

/** What signs with a peer's account. */
export const signingOf = (peer: string) => ({
  key: { address: accountKeyOf(peer).address },
  client: {
    ...{ chainId: 31_337, addresses: { anchors: `0x${'9'.repeat(40)}` } },
    writer: { account: accountKeyOf(peer) },
  } as unknown as ChainClient,
})

const SPEC = parseJobSpec({
  apiVersion: 'cairn/v1',
  name: 'tiny',
  model: { kind: 'gpt', layers: 1, heads: 2, width: 32, context: 16 },
  data: { kind: 'text', source: 'tiny.txt' },
  optimiser: { learningRate: 0.003, warmupSteps: 2 },
  schedule: { replicas: 2, innerSteps: 6, rounds: 9, batch: 2, checkpoints: 3 },
  seed: 7,
})

/** A job that nobody has trained. */
export function tinySubmission(): Submission {
  const text = Array.from({ length: 300 }, (_, i) => `The ${['cat', 'dog'][i % 2]} sat on ${i % 7} mats. `).join('')
  const data = prepareData(SPEC, { path: 'tiny.txt', bytes: encodeUtf8(text) }, sha256)
  return submissionOf(sha256, {
    program: compileJob(SPEC, data, sha256),
    data,
    initialRoot: '1'.repeat(64) as HashHex,
    stepMemoryBytes: 1000,
    network: { chainId: 31337, escrow: `0x${'00'.repeat(20)}` },
    submitter: `0x${'11'.repeat(20)}`,
    salt: '5'.repeat(64) as HashHex,
  })
}

interface ViewOptions {
  readonly status?: JobView['status']
  readonly rounds?: number
  readonly finalRounds?: number
  readonly unitBond?: bigint
}

/** What the chain says of a job: open, coordinated by `COORDINATOR`, unless told otherwise. */
export function viewOf(
  submission: Submission,
  { status = 'open', rounds = 0, finalRounds = rounds, unitBond = 0n }: ViewOptions = {},
): JobView {
  const terms = termsOf(submission, { ...DEFAULT_RATES, perTeraOperation: 1n }, 2)
  const anchors = { holder: accountOf(COORDINATOR), epoch: 3, rounds, finalRounds }
  return { job: submission.job, status, terms, anchors, unitBond } as unknown as JobView
}

type Sent = { [Kind in MessageKind]: { to: string; kind: Kind; body: MessageBodies[Kind] } }[MessageKind]

export interface TestWorker {
  readonly peer: string
  readonly storage: Storage
  readonly blobs: BlobStore
  /** What the chain holds, to be changed at will. */
  readonly chain: Map<JobId, JobView>
  readonly anchors: { round: number; documentId: HashHex }[]
  readonly sent: readonly Sent[]
  readonly learned: readonly PeerAddress[]
  /** What it gave as reasons. */
  readonly reasons: readonly string[]
  /** Blobs that were asked for, and of whom. */
  readonly fetched: readonly { readonly id: HashHex; readonly from: readonly string[] }[]
  /** How often it had the chain read. */
  refreshed: number
  /** What the compute thread makes of the job's document, and finds when it does a unit. */
  provable?: ProvableJob
  commitment?: Commitment
  start(): WorkerHost
  hear<Kind extends MessageKind>(sender: string, job: JobId, kind: Kind, body: MessageBodies[Kind]): void
}

function partsOf(worker: TestWorker, fakes: { sent: Sent[]; learned: PeerAddress[]; fetched: unknown[] }): WorkerParts {
  const reader = anchoringReader(() => worker.anchors)
  const signing = signingOf(worker.peer)
  const compute = async ({ kind }: { readonly kind: string }) => {
    if (kind === 'prepare') return { ok: true, value: { provable: worker.provable } }
    return kind === 'runUnit'
      ? { ok: true, value: { commitment: worker.commitment, values: [] } }
      : { ok: false, why: 'stopped' }
  }
  return {
    signer: signerOf(testSeed(1)),
    storage: worker.storage,
    blobs: worker.blobs,
    log: silentLogger,
    chain: {
      node: (peer: string) => ({ account: accountOf(peer) }),
      registered: (peer: string) => ({ account: accountOf(peer), stake: 10n, locked: 0n }),
      job: (job: JobId) => worker.chain.get(job),
      refresh: async () => ++worker.refreshed > 0,
    },
    key: signing.key,
    client: { ...signing.client, reader },
    mailbox: {
      send: (to: string, kind: MessageKind, _: JobId, body: never) => fakes.sent.push({ to, kind, body } as Sent),
      publish: () => undefined,
    },
    addresses: () => [],
    learn: (address: PeerAddress) => fakes.learned.push(address),
    fetcher: {
      async fetch(id: BlobId, from: readonly PeerAddress[]) {
        fakes.fetched.push({ id, from: from.map(({ peer }) => peer) })
        return { ok: false, code: 'Unavailable' }
      },
    },
    compute: { request: compute, stop: () => undefined },
  } as unknown as WorkerParts
}

/** Makes a worker with an empty disk; `start` starts its host, again if need be. `cleanUp` puts it away. */
export async function testWorker(): Promise<TestWorker> {
  const directory = mkdtempSync(join(tmpdir(), 'cairn-worker-'))
  atEnd(() => rmSync(directory, { recursive: true }))
  const storage = openStorage(directory)
  atEnd(storage.close)
  const fakes = { sent: [] as Sent[], learned: [] as PeerAddress[], fetched: [] as never[], reasons: [] as string[] }
  let host: WorkerHost | undefined
  let sequence = 0
  const worker: TestWorker = {
    peer: signerOf(testSeed(1)).peer,
    storage,
    blobs: await openBlobStore({ directory: join(directory, 'blobs') }),
    chain: new Map(),
    anchors: [],
    refreshed: 0,
    ...fakes,
    start() {
      host?.stop()
      host = hostWorker({
        parts: partsOf(worker, fakes),
        coordinators: () => [],
        onReason: ({ text }) => fakes.reasons.push(text),
        isDrawn: () => false,
        draws: NO_DRAWS,
      })
      return host
    },
    hear: (sender, job, kind, body) => host?.hear({ kind, sender, sequence: sequence++, job, body } as Message),
  }
  atEnd(() => host?.stop())
  return worker
}
