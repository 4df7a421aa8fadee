/** A doer beside its worker on a real chain: drawn by the submission's block, sealed, opened once, and a game where results differ. */
import { anchorHead, claimChecking, localParameters } from '@cairn/contracts'
import {
  type AuditBook,
  auditBook,
  doerDraws,
  hostDoer,
  sha256,
  type VerifierParts,
  watchChain,
} from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import {
  committedResult,
  isAttestationSigned,
  type JobId,
  type Message,
  type MessageBodies,
  sealRoot,
  type Unit,
} from '@cairn/protocol'
import { afterAll, expect, it } from 'vitest'
import { bad, coordinatorKeys, silent, startAuditedNetwork, verifierKeys } from './audited-network.ts'
import { anchorDone } from './audited-round.ts'
import { accountOf } from './disputed-round.ts'
import { until } from './game-nodes.ts'
import { anchorNext, attestedBy } from './next-round.ts'
import { nodeDisk } from './node-disk.ts'

const audited = await startAuditedNetwork()
const { network, workshop, closers, mine, gamesAbout } = audited
afterAll(audited.stop)

interface Sent {
  readonly kind: string
  readonly body: { readonly seal?: HashHex; readonly root?: HashHex; readonly salt?: Uint8Array }
}

/** The doer's node, on a disk of its own; peers have what the workshop has. Started again, it goes on where it was. */
function doerNode() {
  const { storage, compute, open } = nodeDisk(workshop, closers)
  const [said, sent]: [string[], Sent[]] = [[], []]

  async function start() {
    const { blobs, fetcher } = await open()
    const { challenger: client } = network
    let book: AuditBook | undefined
    const onChange = () => book?.chainChanged()
    const chain = await watchChain({ client, minimumStake: 0n, pollMs: 50, log: silent, onChange })
    const [parts, parameters] = [
      { client, chain, log: silent },
      { ...localParameters, challengeSeconds: 600 },
    ]
    book = auditBook({ parts, parameters, checkpointsOf: () => 2, onDrawn: () => undefined })
    const draws = doerDraws({ parts, parameters, onFound: () => undefined })
    const host = hostDoer({
      parts: {
        ...{ ...parts, storage, blobs, compute, signer: verifierKeys, fetcher, learn: () => undefined },
        key: { address: accountOf(client) },
        peers: { list: () => [] },
        mailbox: { send: (_: string, kind: string, __: string, body: Sent['body']) => void sent.push({ kind, body }) },
      } as unknown as VerifierParts,
      ...{ draws, book, onReason: ({ text }) => void said.push(text) },
    })
    const stop = () => {
      host.stop()
      book?.stop()
      chain.stop()
    }
    closers.push(stop)
    const hear = (job: JobId, kind: string, body: object) =>
      host.hear({ sender: coordinatorKeys.peer, sequence: 1, job, kind, body } as unknown as Message)
    return { hear, stop }
  }
  const bodies = (kind: string) => sent.filter(message => message.kind === kind).map(({ body }) => body)
  return { start, said, bodies }
}

it('seals and opens what it found, once, and challenges a worker whose anchored result is another, though it is stopped', async () => {
  const node = doerNode()
  const { said, bodies } = node
  const [own, worker] = [network.challenger, network.workers[1]!].map(client => accountOf(client).toLowerCase())
  let last: Awaited<ReturnType<typeof node.start>> | undefined

  const meanwhile = async ({ job, globalRoot }: { readonly job: JobId; readonly globalRoot: HashHex }) => {
    await mine()
    const unit: Unit = { job, round: 0, replica: 1, kind: 'train' }
    const asked = { unit, worker, deadlineMs: 2 ** 50, document: bad('d'), globalRoot, claims: [], sources: [] }
    const listOf = (seal: HashHex | undefined, digit: string) => {
      const list = [worker, own].map((account, i) => ({ account, seal: i === 0 ? bad(digit) : seal }))
      return { unit, epoch: 1, list }
    }
    let { hear, stop } = await node.start()
    hear(job, 'do', { ...asked, unit: { ...unit, round: 1 } })
    await until(() => {
      hear(job, 'do', asked)
      return bodies('seal').length > 0
    })
    const [sealed] = bodies('seal')
    hear(job, 'open', { ...listOf(sealed?.seal, '1'), epoch: 2 })
    expect(bodies('opened')).toEqual([])
    hear(job, 'open', listOf(sealed?.seal, '1'))
    const [opened] = bodies('opened')
    expect(sealRoot(sha256, { ...opened, account: own } as never)).toBe(sealed?.seal)

    stop()
    ;({ hear, stop } = await node.start())
    const count = bodies('seal').length
    await until(() => {
      hear(job, 'do', asked)
      return bodies('seal').length > count
    })
    expect(new Set(bodies('seal').map(({ seal }) => seal)).size).toBe(1)
    hear(job, 'open', listOf(sealed?.seal, '2'))
    expect(bodies('opened')).toHaveLength(1)
    hear(job, 'open', listOf(sealed?.seal, '1'))
    expect(bodies('opened')).toEqual([opened, opened])
    stop()
    last = await node.start()
  }
  const lie = { unit: { checkpointRoots: [bad('b'), bad('c')] } }
  const { job, document, anchor } = await anchorDone(network, workshop, 'a', lie, {
    terms: { policy: 2, verifiers: 2 },
    meanwhile,
  })
  expect(bodies('opened')[0]?.root).not.toBe(committedResult(sha256, document.units[1]!.commitment))

  await mine()
  const games = () => gamesAbout({ job })
  await until(async () => (await games()).length > 0)
  expect(await games()).toMatchObject([{ position: 1, isOuter: false, state: 'open' }])
  await until(() => said.some(text => /opened game \d+ about part 0 of it/.test(text)))
  expect(said.filter(text => text.includes('did it beside its worker'))).toHaveLength(1)

  // Another doer has signed that all of it follows.
  const signed = await attestedBy(network.coordinator, anchor, { index: 1, segment: 2 })
  const link = await anchorNext(network, anchor, [signed])
  await mine()
  await until(async () => (await games()).length > 1)
  expect((await games())[1]).toMatchObject({ head: anchorHead(link), position: 2, isAttestation: true, state: 'open' })
  last?.stop()
})

it('signs for a claim that leads to what it found, and for no other', async () => {
  const node = doerNode()
  const { bodies } = node
  const [own, worker] = [network.challenger, network.workers[1]!].map(client => accountOf(client).toLowerCase())
  const said: { hear?: Awaited<ReturnType<typeof node.start>>['hear'] } = {}
  const meanwhile = async ({ job, globalRoot }: { readonly job: JobId; readonly globalRoot: HashHex }) => {
    await mine()
    const unit: Unit = { job, round: 0, replica: 1, kind: 'train' }
    const { hear } = await node.start()
    await until(() => {
      hear(job, 'do', { unit, worker, deadlineMs: 2 ** 50, document: bad('d'), globalRoot, claims: [], sources: [] })
      return bodies('seal').length > 0
    })
    said.hear = hear
  }
  const options = { terms: { policy: 2, verifiers: 2 }, meanwhile }
  const { job, document, anchor } = await anchorDone(network, workshop, 'b', {}, options)
  const commitment = document.units[1]!
  const change = (news: object) => ({
    commitment: { ...commitment, commitment: { ...commitment.commitment, ...news } },
  })
  for (const wrong of [{ globalRoot: bad('1') }, { replicaRoot: bad('2') }, { checkpointRoots: [bad('3'), bad('4')] }])
    said.hear?.(job, 'agree', change(wrong))
  said.hear?.(job, 'agree', { commitment })
  await until(() => bodies('agreed').length > 0)
  const claim = anchor.works[1]!.claim
  expect(bodies('agreed')).toMatchObject([{ account: own, segment: 2, claim }])
  const { chainId, addresses } = network.challenger
  const checking = claimChecking({ chainId, anchors: addresses.anchors })
  const [agreed] = bodies('agreed') as unknown as [MessageBodies['agreed']]
  expect(isAttestationSigned(checking, job, { ...agreed, round: 0, index: 1 })).toBe(true)
})
