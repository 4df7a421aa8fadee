/** What the chain shows of a round whose document nobody gives. SPEC: docs/spec/job-document.md "Round document". */
import { type AnchorEvent, anchorHead, type ChainClient, readClaims } from '@cairn/contracts'
import {
  type Account,
  anchoredWorks,
  type ClaimHashing,
  type RoundDocument,
  shownDocument,
  type Work,
} from '@cairn/protocol'

/** What two lists of works say; accounts may be written with or without checksum capitals. */
const worksText = (works: readonly Work[]): string => {
  const fields = works.map(work => [work.worker, work.index, work.claim, work.signature, work.outer, work.custodians])
  return JSON.stringify(fields).toLowerCase()
}

/** Tells whether a link is what its round document comes to and has the head that the chain says. */
export function isWhole(hashing: Pick<ClaimHashing, 'claimHash'>, link: AnchorEvent, document: RoundDocument): boolean {
  const { head, blockNumber: _, transaction: __, isClosing: ___, ...anchor } = link
  const isSame = document.round === anchor.round && document.globalRoot === anchor.globalRoot
  const areWorks = worksText(anchoredWorks(hashing, document)) === worksText(anchor.works)
  return isSame && areWorks && anchorHead(anchor) === head
}

/** Stands for a node that is registered no more. */
const NOBODY = '0'.repeat(64)

interface Options {
  readonly client: ChainClient
  readonly hashing: Pick<ClaimHashing, 'claimHash'>
  readonly replicas: number
  /** Finds a node by its account. */
  readonly peerOf: (account: Account) => string | undefined
}

/**
 * Reads what stands for the document of an anchored round; undefined where the chain does not show what the link claims. SAFETY: whoever
 * anchored a round and keeps its document from others keeps nobody from going on after it, nor from what the job came to.
 */
export async function roundOfChain(
  { client, hashing, replicas, peerOf }: Options,
  link: AnchorEvent,
): Promise<RoundDocument | undefined> {
  const claims = await readClaims(client, link)
  if (claims === undefined) return undefined
  const document = shownDocument({ ...link, replicas, claims }, account => peerOf(account) ?? NOBODY)
  return isWhole(hashing, link, document) ? document : undefined
}
