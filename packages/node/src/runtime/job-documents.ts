/**
 * Documents of jobs and rounds as a coordinator needs them: kept from when they were brought, else fetched from the nodes
 * that keep them, by the ids that the chain holds. So any coordinator can go on from the last anchor.
 */
import { type AnchorEvent, anchorHead, listAnchors } from '@cairn/contracts'
import type { HashHex } from '@cairn/primitives'
import {
  type AnchoredRound,
  anchoredWorks,
  type ClaimHashing,
  claimsIn,
  decodeJobDocument,
  decodeRoundDocument,
  type JobDocument,
  type JobId,
  type PeerAddress,
  type RoundDocument,
  type Work,
} from '@cairn/protocol'
import type { BlobStore } from '../blobs/blob-store.ts'
import type { JobView } from './chain-watch.ts'
import type { Fetcher, NodeParts } from './parts.ts'

export interface JobDocuments {
  /** A blob of one part that is here or that live nodes have. */
  bytes(id: HashHex): Promise<Uint8Array | undefined>
  /** Keeps a document that somebody brought. */
  keep(job: JobId, bytes: Uint8Array): void
  /** A document that is here. */
  find(job: JobId): JobDocument | undefined
  /** A document that is here or that live nodes have. */
  obtain(view: JobView): Promise<JobDocument | undefined>
  /** Documents of all anchored rounds; undefined while one of them cannot be had. */
  history(view: JobView): Promise<AnchoredRound[] | undefined>
}

const DOCUMENT = 'document/'

interface Sources {
  readonly blobs: BlobStore
  readonly fetcher: Fetcher
  readonly checking: ClaimHashing
  readonly livePeers: () => readonly PeerAddress[]
}

/** What two lists of works say; accounts may be written with or without checksum capitals. */
const worksText = (works: readonly Work[]): string => {
  const fields = works.map(work => [work.worker, work.index, work.claim, work.signature, work.outer, work.custodians])
  return JSON.stringify(fields).toLowerCase()
}

/** Tells whether a link is what its round document comes to and has the head that the chain says. */
function isWhole(checking: ClaimHashing, link: AnchorEvent, document: RoundDocument): boolean {
  const { head, blockNumber: _, transaction: __, ...anchor } = link
  const isSame = document.round === anchor.round && document.globalRoot === anchor.globalRoot
  const areWorks = worksText(anchoredWorks(checking, document)) === worksText(anchor.works)
  return isSame && areWorks && anchorHead(anchor) === head
}

export function jobDocuments(
  { storage, client, log }: NodeParts,
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
    async history({ job }) {
      const rounds: AnchoredRound[] = []
      for (const link of await listAnchors(client, job)) {
        if (link.isClosing) break
        const { round, coordinator, documentId, audits } = link
        const decoded = decodeRoundDocument((await bytesOf(documentId)) ?? new Uint8Array())
        if (!decoded.ok || !isWhole(checking, link, decoded.document)) {
          log.warn({ job, round, found: decoded.ok }, 'the document of an anchored round cannot be had; trying again')
          return undefined
        }
        const { document } = decoded
        const claims = claimsIn(checking, document)
        rounds.push({ document, claims, coordinator: coordinator.toLowerCase(), audits })
      }
      return rounds
    },
  }
}
