/** Nodes as far as disputes need them: a game host, its disk, its chain and its mail; no role. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChainClient, readParameters } from '@cairn/contracts'
import {
  type Compute,
  createCompute,
  type GameHost,
  type GameParts,
  hostGames,
  openBlobStore,
  openStorage,
  watchChain,
} from '@cairn/node/parts'
import { type HashHex, sha256 } from '@cairn/primitives'
import { type BlobPart, challenge, defend, type Subject, type TraceProvider } from '@cairn/protocol'
import { createReferee, type submissionOf } from '@cairn/training'
import { accountOf } from './disputed-round.ts'
import { joinOffice, type PostOffice } from './game-mail.ts'

const rules = { hash: sha256, referee: createReferee(sha256) }

const POLL_MS = 50

const ALONE = { peerOf: () => undefined, send: () => undefined }

export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, POLL_MS))
}

/** What finds moves by traces at hand, honest or not. After `most` of them it falls silent, as one that was killed. */
export function computeBy(tracesFor: (subject: Subject) => TraceProvider, most = Number.POSITIVE_INFINITY) {
  const silence = Promise.withResolvers<void>()
  let moves = 0
  async function request(work: Parameters<Compute['request']>[0]) {
    if (work.kind !== 'move') return { ok: true, value: {} }
    if (moves === most) {
      silence.resolve()
      return new Promise(() => undefined)
    }
    moves++
    const { side, subject, position, shown } = work
    const traces = tracesFor(subject)
    const isDefender = side === 'defender'
    const defended = isDefender && defend(rules, traces, subject, position)
    return { ok: true, value: await (defended || challenge(rules, traces, subject, position, shown)) }
  }
  const compute = { request, restart: async () => undefined } as unknown as Compute
  return { compute, silent: silence.promise, moves: () => moves }
}

export const keyOf = (client: ChainClient) => ({ client, key: { address: accountOf(client) } })

interface NodeOptions {
  /** Of a job: they are on its disk from the start. */
  readonly blobs: ReturnType<typeof submissionOf>['blobs']
  /** Left out, a real thread. */
  readonly compute?: Compute
  /** Where it meets others, and its key there; left out, it plays on the chain alone. */
  readonly mail?: { readonly office: PostOffice; readonly seed: Uint8Array }
  /** Its disk, if it has been there before. */
  readonly directory?: string
  /** What peers would send. */
  readonly elsewhere?: ReadonlyMap<HashHex, readonly BlobPart[]>
}

export interface GameNode {
  readonly parts: GameParts
  /** Its log. */
  readonly said: readonly string[]
  readonly fetched: readonly HashHex[]
  readonly directory: string
  /** Ends it as a kill would, and leaves its disk. */
  kill(): Promise<void>
  /** The same, and removes its disk. */
  stop(): Promise<void>
}

/** Starts one. */
export async function startGameNode(client: ChainClient, options: NodeOptions): Promise<GameNode> {
  const { blobs: given, elsewhere = new Map(), mail } = options
  const { directory = mkdtempSync(join(tmpdir(), 'cairn-games-')) } = options
  const blobDirectory = join(directory, 'blobs')
  const blobs = await openBlobStore({ directory: blobDirectory })
  for (const { parts } of given) await blobs.write(parts)
  const storage = openStorage(directory)
  const thread = createCompute({ blobDirectory, progressDirectory: join(directory, 'progress'), threads: 1 })
  let host: GameHost | undefined
  const said: string[] = []
  const fetched: HashHex[] = []
  const say = (fields: object, message: string) => void said.push(`${message} ${JSON.stringify(fields)}`)
  const log = { info: say, warn: say, error: say }
  const onChange = () => host?.chainChanged()
  const chain = await watchChain({ client, minimumStake: 0n, pollMs: POLL_MS, log, onChange })
  const fetcher: GameParts['fetcher'] = {
    async fetch(id) {
      const parts = elsewhere.get(id)
      if (parts === undefined) return { ok: false, code: 'Unavailable' }
      fetched.push(await blobs.write(parts))
      return { ok: true }
    },
  }
  const parts: GameParts = { ...keyOf(client), storage, blobs, fetcher, log, chain, compute: options.compute ?? thread }
  const post = mail && (await joinOffice(mail.office, parts, mail.seed, message => host?.hear(message)))
  const { maximumDelaySeconds } = await readParameters(client)
  const evidenceDirectory = join(directory, 'evidence')
  host = hostGames({ parts, peers: () => [], wire: post?.wire ?? ALONE, evidenceDirectory, maximumDelaySeconds })
  async function kill(): Promise<void> {
    host?.stop()
    await post?.leave()
    chain.stop()
    await thread.terminate()
    storage.close()
  }
  return {
    parts,
    said,
    fetched,
    directory,
    kill,
    async stop() {
      await kill()
      rmSync(directory, { recursive: true })
    },
  }
}
