/** Giving a submitted job's data away: node after node is asked until enough say that they hold it. */
import { encodeJobDocument, type Terms } from '@cairn/protocol'
import type { Submission } from '@cairn/training'
import type { NodeSummary } from '../runtime/summaries.ts'
import type { NetworkClient } from './connect.ts'

export type HandOverEvent =
  | { readonly kind: 'pinned'; readonly peer: string; readonly holders: number; readonly wanted: number }
  | { readonly kind: 'waiting'; readonly reason: string }

export interface HandOver {
  readonly submission: Pick<Submission, 'job' | 'document' | 'documentId' | 'blobs'>
  readonly terms: Pick<Terms, 'custodians'>
  readonly onEvent: (event: HandOverEvent) => void
  /** Ends the waiting for nodes; the job stays submitted. */
  readonly signal?: AbortSignal
  /** Bytes that nodes have fetched from here so far. */
  readonly uploadedBytes: () => number
  readonly repeatMs?: number
}

type Giver = Pick<NetworkClient, 'coordinators' | 'nodes' | 'listen' | 'send'> & {
  readonly host: Pick<NetworkClient['host'], 'peer' | 'addresses' | 'learn'>
}

const REPEAT_MS = 1_500
/** More copies than this help nobody; so many are asked at once. */
const MOST_HOLDERS = 3

/** Picks the next to be asked, going round. */
const fromTurn = <T>(all: readonly T[], turn: number): T[] =>
  all.slice(0, MOST_HOLDERS).map((_, i) => all[(turn + i) % all.length] as T)

/** Tells nodes of the data until enough hold it. */
export async function handOver(client: Giver, request: HandOver): Promise<void> {
  const { submission, terms, onEvent, signal, uploadedBytes, repeatMs = REPEAT_MS } = request
  const { job, document, documentId, blobs } = submission
  const [asked, holders] = [new Set<string>(), new Set<string>()]
  const bytes = encodeJobDocument(document)
  const roots = blobs.map(({ id }) => id).filter(id => id !== documentId)
  let [wanted, turn, uploaded] = [terms.custodians + 1, 0, -1]
  let wake = (): void => undefined

  // SAFETY: anybody may say this; only who was asked is believed.
  const unlisten = client.listen(({ kind, job: about, sender }) => {
    if (kind !== 'pinned' || about !== job || !asked.has(sender) || holders.has(sender)) return
    holders.add(sender)
    onEvent({ kind: 'pinned', peer: sender, holders: holders.size, wanted })
    wake()
  })

  function ask({ peer, addresses }: NodeSummary): void {
    asked.add(peer)
    client.host.learn({ peer, addresses })
    const sources = [{ peer: client.host.peer, addresses: client.host.addresses() }]
    client.send(peer, 'pin', job, { document: documentId as never, roots: roots as never, sources })
  }

  async function tell(): Promise<void> {
    for (const peer of client.coordinators()) client.send(peer, 'submitted', job, { document: bytes })
    const workers = (await client.nodes()).filter(({ role, isLive }) => role === 'worker' && isLive)
    if (workers.length === 0) onEvent({ kind: 'waiting', reason: 'no worker is there yet to fetch the data' })
    wanted = Math.max(1, Math.min(MOST_HOLDERS, terms.custodians + 1, workers.length))
    if (holders.size >= wanted) return
    // Those asked first may be full or out of reach. While somebody fetches, more would only share the same line.
    if (uploadedBytes() === uploaded) turn += MOST_HOLDERS
    uploaded = uploadedBytes()
    const open = workers.filter(({ peer }) => !holders.has(peer))
    for (const worker of fromTurn(open, turn)) ask(worker)
  }

  /** Waits until there may be something new. */
  const pause = (): Promise<void> =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, repeatMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const onAbort = (): void => wake()
  signal?.addEventListener('abort', onAbort)
  try {
    while (!signal?.aborted) {
      await tell().catch(error => onEvent({ kind: 'waiting', reason: String(error) }))
      if (holders.size >= wanted) return
      await pause()
    }
  } finally {
    unlisten()
    signal?.removeEventListener('abort', onAbort)
  }
}
