/**
 * Downloading: the job's documents, its weights and the states of its last round, each checked against the chain. What
 * a coordinator or a node says is believed only as far as it hashes to what is anchored.
 */
import { type AnchorEvent, listAnchors, listNodes, readJob } from '@cairn/contracts'
import { encodeHex, type HashHex, InputError } from '@cairn/primitives'
import type { BlobPart, JobDocument, JobId, Payees, Receipt, RoundDocument, Terms } from '@cairn/protocol'
import { type BlobStore, openBlobStore } from '../blobs/blob-store.ts'
import { blobFetcher } from '../blobs/fetch-blob.ts'
import type { JobStatus } from '../runtime/summaries.ts'
import { documentOf, lost, roundOf, settledLeaves } from './checked-answers.ts'
import type { NetworkClient } from './connect.ts'
import { auditsOf, disputesOf } from './proof-of-work.ts'

export type DownloadEvent =
  | { readonly kind: 'documents'; readonly rounds: number }
  | { readonly kind: 'fetching'; readonly blob: HashHex; readonly what: string }

/** All that a job left behind. */
export interface DownloadedJob {
  readonly job: JobId
  readonly status: JobStatus
  readonly document: JobDocument
  readonly terms: Terms
  readonly rounds: readonly { readonly document: RoundDocument; readonly anchor: AnchorEvent }[]
  readonly payees: Payees
  readonly audits: Receipt['audits']
  readonly disputes: Receipt['disputes']
  readonly program: Uint8Array
  readonly tokeniser?: Uint8Array
  /** Global state after the last anchored round. */
  readonly global: readonly BlobPart[]
  /** States that the units of the last round started from, as far as nodes still have them, and the final one. */
  readonly states: ReadonlyMap<HashHex, readonly BlobPart[]>
}

async function payeesOf(client: NetworkClient, job: JobId): Promise<Payees> {
  const leaves = await settledLeaves(client, job)
  const nodes = await listNodes(client.chain)
  const peerOf = new Map(nodes.map(({ account, peerKey }) => [account.toLowerCase(), encodeHex(peerKey)]))
  const accounts = new Map(nodes.map(({ account, peerKey }) => [encodeHex(peerKey), account.toLowerCase()]))
  const coordinated = leaves.flatMap(({ account, counts }) => {
    const peer = peerOf.get(account.toLowerCase())
    return peer === undefined || counts.coordinated === 0n ? [] : [[peer, Number(counts.coordinated)] as const]
  })
  return { accounts, coordinated: new Map(coordinated) }
}

/** Finds a job on the chain by its id or its beginning. */
async function resolveJob(client: NetworkClient, prefix: string) {
  const status = await client.job(prefix)
  const onChain = await readJob(client.chain, status.job as JobId)
  if (onChain !== undefined) return { status, onChain }
  throw new InputError('UnknownJob', 'The chain knows no such job.', {
    path: prefix,
    expected: 'the id of a job',
    found: 'nothing',
    fix: 'List jobs with `cairn jobs`.',
  })
}

/** States that the last round started from: what a check of some units needs. */
function lastInputs(rounds: readonly { readonly document: RoundDocument }[]): HashHex[] {
  const units = rounds.at(-1)?.document.units ?? []
  return rounds.length < 2
    ? []
    : units.flatMap(({ commitment: { globalRoot, replicaRoot } }) => [globalRoot, replicaRoot])
}

/** Downloads a job into a blob store directory. Throws `ResourceError` (`NotAvailable`), `IntegrityError`. */
export async function downloadJob(
  client: NetworkClient,
  prefix: string,
  directory: string,
  onEvent: (event: DownloadEvent) => void,
): Promise<DownloadedJob> {
  const { status, onChain } = await resolveJob(client, prefix)
  const { job, terms } = onChain
  const document = await documentOf(client, job, terms.document)
  const links = await listAnchors(client.chain, job)
  const anchors = links.filter(({ isClosing }) => !isClosing)
  const rounds = []
  for (const anchor of anchors) rounds.push({ document: await roundOf(client, terms, anchor), anchor })
  onEvent({ kind: 'documents', rounds: rounds.length })
  const store = await openBlobStore({ directory })
  const fetcher = blobFetcher(client.host.connections, store)
  for (const holder of status.holders) client.host.learn(holder)

  const bring = async (id: HashHex, what: string): Promise<BlobPart[]> => {
    onEvent({ kind: 'fetching', blob: id, what })
    const fetched = await fetcher.fetch(id as never, status.holders)
    const parts = fetched.ok ? await store.read(id as never) : undefined
    if (parts === undefined) throw lost(what, fetched.ok ? 'a blob that went bad' : fetched.code)
    return parts
  }
  const finalRoot = rounds.at(-1)?.document.globalRoot ?? document.initialRoot
  try {
    const global = await bring(finalRoot, 'the final state')
    const [program] = await bring(document.blobs.program, 'the program')
    const tokeniser = document.blobs.tokeniser && (await bring(document.blobs.tokeniser, 'the tokeniser'))[0]
    return {
      job,
      status,
      document,
      terms,
      rounds,
      payees: await payeesOf(client, job),
      audits: auditsOf(terms, links),
      disputes: await disputesOf(client.chain, job),
      program: program?.bytes ?? new Uint8Array(),
      ...(tokeniser === undefined ? {} : { tokeniser: tokeniser.bytes }),
      global,
      states: new Map([...(await inputStates(store, lastInputs(rounds), bring)), [finalRoot, global]]),
    }
  } finally {
    fetcher.stop()
  }
}

/** States that nobody has any more only mean that fewer units can be checked by themselves. */
async function inputStates(
  store: BlobStore,
  roots: readonly HashHex[],
  bring: (id: HashHex, what: string) => Promise<BlobPart[]>,
): Promise<Map<HashHex, readonly BlobPart[]>> {
  const states = new Map<HashHex, readonly BlobPart[]>()
  for (const root of new Set(roots)) {
    const parts =
      (await store.read(root as never)) ?? (await bring(root, 'a state of the last round').catch(() => undefined))
    if (parts !== undefined) states.set(root, parts)
  }
  return states
}
