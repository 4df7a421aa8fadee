/** Makes ready on this node what a dispute is played with: the job, and the states that its runs begin from. */
import type { HashHex } from '@cairn/primitives'
import type { JobDocument, JobId, PeerAddress, Subject } from '@cairn/protocol'
import type { NodeKey } from '../keys/node-key.ts'
import type { WorkerParts } from './parts.ts'
import { type Prepared, type PreparingParts, prepareJob, problemText } from './prepare-job.ts'

export type GameParts = PreparingParts &
  Pick<WorkerParts, 'client' | 'log'> & { readonly key: Pick<NodeKey, 'address'> }

/** Where things come from, and how long looking for what is not needed may take. */
interface Sources {
  readonly peers: readonly PeerAddress[]
  readonly patienceMs: number
}

const GAMES = 'game/'

/** Names why a state is kept. */
const gameReason = (game: number): string => `${GAMES}${game}`

/** Lets go of states of games that are over. */
export function releaseGames({ storage: { pins } }: Pick<GameParts, 'storage'>, open: ReadonlySet<number>): void {
  for (const reason of pins.reasonsFrom(GAMES)) if (!open.has(Number(reason.slice(GAMES.length)))) pins.release(reason)
}

interface Obtaining {
  readonly peers: readonly PeerAddress[]
  /** The job whose first state this may be. */
  readonly first?: { readonly document: JobDocument; readonly id: HashHex }
  readonly signal?: AbortSignal
}

/** Brings a state here, and says what went wrong. A job's first one is computed when nobody has to send it. */
export async function obtainState(
  { blobs, fetcher, storage, compute }: GameParts,
  game: number,
  root: HashHex,
  { peers, first, signal }: Obtaining,
): Promise<string | undefined> {
  storage.pins.pin(root, gameReason(game), Date.now())
  if (await blobs.has(root)) return undefined
  if (first !== undefined && root === first.document.initialRoot && first.document.blobs.initial === undefined) {
    const answer = await compute.request({ kind: 'initialState', document: first.id })
    return answer.ok ? undefined : problemText(answer)
  }
  const fetched = await fetcher.fetch(root, peers, signal === undefined ? {} : { signal })
  return fetched.ok ? undefined : `the state ${root.slice(0, 8)} cannot be fetched (${fetched.code})`
}

/** States without which no run can be done, and those that only save doing runs again. */
function statesOf({ graph, round, globalRoot, replicaRoot, updateRoots, previous }: Subject, { spec }: JobDocument) {
  const isUnit = graph === 'inner' || graph === 'update'
  // A replica that has done nothing yet has no blob: its state is empty.
  const isFresh = round === 0 || spec.outer.innerState === 'reset'
  const needed = [globalRoot, ...updateRoots, ...(isUnit && !isFresh ? [replicaRoot] : [])]
  return { needed, useful: previous === undefined ? [] : [previous] }
}

/** Prepares the job of a game and obtains the states of its subject. Says what is missing; it may come later. */
export async function prepareGame(
  parts: GameParts,
  { game, job }: { readonly game: number; readonly job: JobId },
  subject: Subject,
  { peers, patienceMs }: Sources,
): Promise<Prepared> {
  const id = parts.chain.job(job)?.terms.document
  if (id === undefined) return { ok: false, reason: 'the chain has not named the job document yet' }
  const prepared = await prepareJob(parts, job, id, peers)
  if (!prepared.ok) return prepared
  const { document } = prepared
  const { needed, useful } = statesOf(subject, document)
  const signal = AbortSignal.timeout(patienceMs)
  const withheld = await Promise.all(useful.map(root => obtainState(parts, game, root, { peers, signal })))
  // A step goes on from the one before and reads nothing else: whoever did it from there may have no more.
  const isEnough = subject.graph === 'inner' && useful.length > 0 && withheld.every(reason => reason === undefined)
  for (const root of isEnough ? [] : needed) {
    const missing = await obtainState(parts, game, root, { peers, first: { document, id } })
    if (missing !== undefined) return { ok: false, reason: missing }
  }
  return prepared
}
