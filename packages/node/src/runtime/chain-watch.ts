/**
 * The chain as a node last saw it: who is registered, which jobs there are, who coordinates them. Polled; a chain that
 * does not answer leaves the last view standing, for nothing is torn down on a blip (protocol.md section 6).
 */
import {
  type AnchorsOnChain,
  type ChainClient,
  type JobOnChain,
  listJobs,
  listNodes,
  listWrongs,
  type NodeOnChain,
  readAnchors,
  readLink,
  registrationMessage,
} from '@cairn/contracts'
import { encodeHex } from '@cairn/primitives'
import type { JobId, WrongClaim } from '@cairn/protocol'
import type { Logger } from '../log/logger.ts'
import { verifySignature } from '../network/signing.ts'

export interface JobView extends JobOnChain {
  readonly anchors: AnchorsOnChain
  /** When the links of its chain that are not final were added, in their order. */
  readonly openSinceSeconds: readonly number[]
  /** Claims that were proven wrong. */
  readonly wrongs: readonly WrongClaim[]
  /** Signatures under attestations that were. */
  readonly lostAttestations: readonly string[]
}

export interface ChainWatch {
  /** A registered node with enough stake, by its public key in hex. */
  node(peer: string): NodeOnChain | undefined
  /** One that may have taken its stake back since: what it has earned is still its own. */
  registered(peer: string): NodeOnChain | undefined
  nodeOfAccount(account: string): (NodeOnChain & { readonly peer: string }) | undefined
  job(id: JobId): JobView | undefined
  jobs(): readonly JobView[]
  /** When the chain last answered. */
  seenMs(): number
  /** Reads the chain now. Returns false when it does not answer. */
  refresh(): Promise<boolean>
  stop(): void
}

export interface ChainWatchOptions {
  readonly client: ChainClient
  readonly minimumStake: bigint
  readonly pollMs: number
  readonly log: Logger
  readonly onChange: () => void
}

/** Checks registrations. PERF: each signature is verified once, not at every reading of the chain. */
function registrationCheck({ chainId, addresses }: ChainClient): (node: NodeOnChain) => boolean {
  const verified = new Map<string, boolean>()
  return ({ account, peerKey, signature }) => {
    const name = [account, encodeHex(peerKey), encodeHex(signature)].join()
    const statement = () => registrationMessage(chainId, addresses.registry, account)
    const isGood = verified.get(name) ?? verifySignature(peerKey, statement(), signature)
    verified.set(name, isGood)
    return isGood
  }
}

/** Peer keys of registered nodes. SAFETY: the chain takes any key from anybody; only a signature by it counts. */
function byPeer(nodes: readonly NodeOnChain[], isSigned: (node: NodeOnChain) => boolean): Map<string, NodeOnChain> {
  const good = nodes.filter(node => node.isRegistered && isSigned(node))
  return new Map(good.map(node => [encodeHex(node.peerKey), node]))
}

/** PERF: when a link was added is read once; there are as many open ones as the terms allow. */
async function openLinks(client: ChainClient, job: JobId, anchors: AnchorsOnChain, known: JobView | undefined) {
  const { finalRounds, rounds, isEnded } = anchors
  const count = rounds + Number(isEnded) - finalRounds
  const isSame = known !== undefined && known.anchors.finalRounds <= finalRounds && known.anchors.rounds <= rounds
  const seen = isSame ? known.openSinceSeconds.slice(finalRounds - known.anchors.finalRounds) : []
  const fresh = Array.from({ length: Math.max(0, count - seen.length) }, (_, i) =>
    readLink(client, job, finalRounds + seen.length + i),
  )
  return [...seen, ...(await Promise.all(fresh)).map(({ anchoredAtSeconds }) => anchoredAtSeconds)].slice(0, count)
}

/** There are none where nothing is locked. */
async function lostOf(
  client: ChainClient,
  { job, unitBond }: JobOnChain,
): Promise<Pick<JobView, 'wrongs' | 'lostAttestations'>> {
  if (unitBond === 0n) return { wrongs: [], lostAttestations: [] }
  const { wrongs, attestations: lostAttestations } = await listWrongs(client, job)
  return { wrongs: wrongs.map(wrong => ({ ...wrong, account: wrong.account.toLowerCase() })), lostAttestations }
}

export const sameAccount = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** Starts watching; the first view is there when this returns. Throws `ResourceError` (`ChainUnreachable`). */
export async function watchChain(options: ChainWatchOptions): Promise<ChainWatch> {
  const { client, minimumStake, pollMs, log, onChange } = options
  const isSigned = registrationCheck(client)
  let nodes = new Map<string, NodeOnChain>()
  let jobs = new Map<JobId, JobView>()
  let [seenMs, isDown, isStopped] = [0, false, false]
  let timer: NodeJS.Timeout | undefined

  async function read(): Promise<void> {
    const [nodeList, jobList] = await Promise.all([listNodes(client), listJobs(client)])
    const views = jobList.map(async (job): Promise<JobView> => {
      const known = jobs.get(job.job)
      // A closed job whose lease was given back changes no more.
      const isOver = job.status === 'closed' && known?.status === 'closed' && known.anchors.holder === undefined
      if (isOver) return { ...known, ...job }
      // What was proven is read before the chain that it has rewound: a round that is gone has to have its reason.
      const lost = await lostOf(client, job)
      const anchors = await readAnchors(client, job.job)
      return { ...job, anchors, ...lost, openSinceSeconds: await openLinks(client, job.job, anchors, known) }
    })
    jobs = new Map((await Promise.all(views)).map(view => [view.job, view]))
    nodes = byPeer(nodeList, isSigned)
    seenMs = Date.now()
  }

  async function refresh(): Promise<boolean> {
    try {
      await read()
      if (isDown) log.info({}, 'the chain answers again')
      isDown = false
      onChange()
      return true
    } catch (error) {
      if (!isDown) log.warn({ error: String(error) }, 'the chain does not answer; going on with what is known')
      isDown = true
      return false
    }
  }

  const poll = (): void => {
    if (isStopped) return
    timer = setTimeout(() => void refresh().finally(poll), pollMs)
  }

  const isStaked = ({ stake }: NodeOnChain): boolean => stake >= minimumStake

  await read()
  poll()
  return {
    node(peer) {
      const node = nodes.get(peer)
      return node !== undefined && isStaked(node) ? node : undefined
    },
    registered: peer => nodes.get(peer),
    nodeOfAccount(account) {
      for (const [peer, node] of nodes)
        if (sameAccount(node.account, account) && isStaked(node)) return { ...node, peer }
      return undefined
    },
    job: id => jobs.get(id),
    jobs: () => [...jobs.values()],
    seenMs: () => seenMs,
    refresh,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
