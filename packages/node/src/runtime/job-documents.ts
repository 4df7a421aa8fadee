/**
 * Documents of jobs and rounds as a coordinator needs them: kept from when they were brought, else fetched from the nodes
 * that keep them, by the ids that the chain holds; of rounds whose document nobody gives, what the chain was shown. So any
 * coordinator can go on from the last anchor.
 */
import { type AnchorEvent, listAnchors } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type Account,
  type AnchoredRound,
  type ClaimHashing,
  claimsIn,
  decodeJobDocument,
  decodeRoundDocument,
  type JobDocument,
  type JobId,
  type PeerAddress,
  type RoundDocument,
} from '@cairn/protocol'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { JobView } from './chain-watch.ts'
import type { Fetcher, NodeParts } from './parts.ts'
import { isWhole, roundOfChain } from './round-of-chain.ts'

export interface JobDocuments {
  /** A blob of one part that is here or that live nodes have. */
  bytes(id: HashHex): Promise<Uint8Array | undefined>
  /** Keeps a document that somebody brought. */
  keep(job: JobId, bytes: Uint8Array): void
  /** A document that is here. */
  find(job: JobId): JobDocument | undefined
  /** A document that is here or that live nodes have. */
  obtain(view: JobView): Promise<JobDocument | undefined>
  /** Documents of all anchored rounds, or what the chain shows of them; undefined while one of them cannot be had. */
  history(view: JobView): Promise<AnchoredRound[] | undefined>
}

const DOCUMENT = 'document/'

interface Sources {
  readonly blobs: BlobStore
  readonly fetcher: Fetcher
  readonly checking: ClaimHashing
  readonly livePeers: () => readonly PeerAddress[]
}

export function jobDocuments(
  { storage, client, chain, log }: NodeParts,
  { blobs, fetcher, checking, livePeers }: Sources,
): JobDocuments {
  async function bytesOf(id: HashHex): Promise<Uint8Array | undefined> {
    const here = await blobs.read(id as never)
    if (here !== undefined) return here[0]?.bytes
    const fetched = await fetcher.fetch(id, livePeers())
    return fetched.ok ? (await blobs.read(id as never))?.[0]?.bytes : undefined
  }

  function find(job: JobId): JobDocument | undefined {
    const bytes = storage.facts.get(DOCUMENT + job)
    const decoded = bytes && decodeJobDocument(bytes)
    return decoded?.ok ? decoded.document : undefined
  }

  /** The document that a link names, if anybody gives it. */
  async function given(link: AnchorEvent): Promise<RoundDocument | undefined> {
    const decoded = decodeRoundDocument((await bytesOf(link.documentId)) ?? new Uint8Array())
    return decoded.ok && isWhole(checking, link, decoded.document) ? decoded.document : undefined
  }

  async function shown(link: AnchorEvent, replicas: number): Promise<RoundDocument | undefined> {
    const peerOf = (account: Account) => chain.nodeOfAccount(account)?.peer
    const document = await roundOfChain({ client, hashing: checking, replicas, peerOf }, link)
    const { job, round } = link
    if (document) log.warn({ job, round }, 'nobody gives the document of an anchored round: read from the chain')
    return document
  }

  return {
    bytes: bytesOf,
    keep: (job, bytes) => storage.facts.set(DOCUMENT + job, bytes),
    find,
    async obtain({ job, terms }) {
      const known = find(job)
      if (known !== undefined) return known
      const bytes = await bytesOf(terms.document)
      if (bytes === undefined || !decodeJobDocument(bytes).ok) return undefined
      storage.facts.set(DOCUMENT + job, bytes)
      return find(job)
    },
    async history({ job, terms }) {
      const rounds: AnchoredRound[] = []
      for (const link of await listAnchors(client, job)) {
        if (link.isClosing) break
        const { round, coordinator, audits } = link
        const document = (await given(link)) ?? (await shown(link, terms.replicas))
        if (document === undefined) {
          log.warn({ job, round }, 'the chain does not show what an anchored round claims; trying again')
          return undefined
        }
        const claims = claimsIn(checking, document)
        rounds.push({ document, claims, coordinator: coordinator.toLowerCase(), audits })
      }
      return rounds
    },
  }
}
