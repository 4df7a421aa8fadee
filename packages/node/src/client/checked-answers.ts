/**
 * Documents that coordinators hand out, each checked against the chain, and what the chain itself shows. The first answer that is
 * what the chain holds is taken, whoever gave it: one coordinator may have lost it, another may lie.
 */
import {
  type AnchorEvent,
  type ChainClient,
  claimHash,
  listAssertions,
  listNodes,
  readEarnings,
} from '@cairn/contracts'
import { CairnError, encodeHex, type HashHex, IntegrityError, ResourceError } from '@cairn/primitives'
import {
  type Account,
  bytesId,
  decodeJobDocument,
  decodeRoundDocument,
  type EarningsLeaf,
  type JobDocument,
  type JobId,
  NO_HASH,
  type RoundDocument,
  type Terms,
} from '@cairn/protocol'
import { sha256 } from '../files/hash.ts'
import { roundOfChain } from '../runtime/round-of-chain.ts'
import type { Question } from '../runtime/summaries.ts'

/** What of a client answers are checked with. */
export interface Checking {
  readonly chain: ChainClient
  answers(question: Question): Promise<readonly unknown[]>
}

export const lost = (what: string, found: string): ResourceError =>
  new ResourceError('NotAvailable', 'A part of the job cannot be fetched.', {
    path: what,
    expected: 'a node that has it',
    found,
    fix: 'Try again when more nodes are up; `cairn status` shows who took part.',
  })

const wrong = (what: string, expected: string, found: string): IntegrityError =>
  new IntegrityError('NotAsAnchored', 'The network sent something else than the chain holds.', {
    path: what,
    expected,
    found,
    fix: 'Try again when more coordinators are up; one may be honest.',
  })

/** Reads what somebody sent, who may have sent anything. */
function readAnswer<T>(what: string, bytes: Uint8Array, read: (bytes: Uint8Array) => T): T | CairnError {
  try {
    return read(bytes)
  } catch (error) {
    return error instanceof CairnError ? error : wrong(what, 'what was asked for', String(error))
  }
}

/** Asks, and takes the first answer that `read` does not refuse. Throws `ResourceError` (`NotAvailable`), its refusal. */
async function firstGood<T>(
  client: Checking,
  question: Question,
  what: string,
  read: (bytes: Uint8Array) => T,
): Promise<T> {
  let problem: CairnError = lost(what, 'no coordinator has it')
  for (const answer of await client.answers(question)) {
    if (!(answer instanceof Uint8Array)) continue
    const found = readAnswer(what, answer, read)
    if (!(found instanceof CairnError)) return found
    problem = found
  }
  throw problem
}

/** Decodes a document that must have an id. */
function decoded<T>(
  what: string,
  id: HashHex,
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => { readonly ok: true; readonly document: T } | { readonly ok: false },
): T {
  const found = bytesId(sha256, bytes)
  if (found !== id) throw wrong(what, id, found)
  const result = decode(bytes)
  if (!result.ok) throw wrong(what, 'a document of this kind', 'something else')
  return result.document
}

/** Fetches a job's document. */
export function documentOf(client: Checking, job: JobId, id: HashHex): Promise<JobDocument> {
  const what = 'the job document'
  return firstGood(client, { ask: 'document', job }, what, bytes => decoded(what, id, bytes, decodeJobDocument))
}

/** Fetches the document of an anchored round. Where nobody gives it, what the chain shows of the round stands for it. */
export async function roundOf(client: Checking, { replicas }: Terms, link: AnchorEvent): Promise<RoundDocument> {
  const { job, round, documentId } = link
  const what = `the document of round ${round}`
  const read = (bytes: Uint8Array) => decoded(what, documentId, bytes, decodeRoundDocument)
  try {
    return await firstGood(client, { ask: 'round', job, round }, what, read)
  } catch (error) {
    const nodes = await listNodes(client.chain)
    const peers = new Map(nodes.map(({ account, peerKey }) => [account.toLowerCase(), encodeHex(peerKey)]))
    const peerOf = (account: Account) => peers.get(account.toLowerCase())
    const shown = await roundOfChain({ client: client.chain, hashing: { claimHash }, replicas, peerOf }, link)
    if (shown === undefined) throw error
    return shown
  }
}

/** Reads the leaves behind a job's settled earnings: the chain was shown them with the assertion. Throws `ResourceError` (`NotAvailable`). */
export async function settledLeaves({ chain }: Pick<Checking, 'chain'>, job: JobId): Promise<EarningsLeaf[]> {
  const { root } = (await readEarnings(chain, job)).settled
  if (root === NO_HASH) return [] // a job that was cut short may owe something without an anchored round
  const asserted = (await listAssertions(chain, job)).findLast(each => each.root === root)
  if (asserted === undefined) throw lost(`the earnings of job ${job.slice(0, 8)}`, 'none on this chain')
  return asserted.leaves.map(leaf => ({ job, ...leaf }))
}
