/** Audits as nodes draw them from a real chain and verifiers do them: real anchors, real work, real games opened. */
import {
  anchorHead,
  createChainClient,
  endLateGame,
  type GameOnChain,
  type LocalChain,
  latestBlockNumber,
  listGames,
  localParameters,
  openGame,
  readAnchors,
  registerNode,
  registrationMessage,
  startLocalChain,
} from '@cairn/contracts'
import {
  type AuditBook,
  type AuditDraw,
  auditBook,
  hostVerifier,
  type OuterDissent,
  outerDissent,
  sha256,
  signerOf,
  type VerifierParts,
  watchChain,
} from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import {
  type AuditOrder,
  attestationOf,
  claimedSegment,
  claimsOf,
  type DocumentId,
  type JobId,
  judgeAttestation,
  type Message,
  type MessageBodies,
  revealSteps,
  trainedClaim,
  unitSegment,
} from '@cairn/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anchorDone, type DoneRound, openWorkshop, type RoundLie, type Workshop } from './audited-round.ts'
import { accountOf, type DisputeNetwork, startDisputeNetwork } from './disputed-round.ts'
import { flakyRpc } from './flaky-rpc.ts'
import { until } from './game-nodes.ts'
import { anchorNext, attestedBy } from './next-round.ts'
import { nodeDisk } from './node-disk.ts'

const CHECKPOINTS = 2
const SCHEDULE = { innerSteps: 4, checkpoints: CHECKPOINTS, evaluationBatches: 2 }
const SALT = new Uint8Array(32).fill(9)
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const coordinatorKeys = signerOf(new Uint8Array(32).fill(5))
const verifierKeys = signerOf(new Uint8Array(32).fill(6))

let chain: LocalChain
let network: DisputeNetwork
let workshop: Workshop
let honest: DoneRound
const closers: (() => unknown)[] = []

beforeAll(async () => {
  chain = await startLocalChain()
  closers.push(() => chain.stop())
  network = await startDisputeNetwork(chain)
  const { coordinator, challenger } = network
  for (const [client, keys, verifies] of [
    [coordinator, coordinatorKeys, false],
    [challenger, verifierKeys, true],
  ] as const) {
    const signature = keys.sign(registrationMessage(chain.chainId, client.addresses.registry, accountOf(client)))
    await registerNode(client, { peerKey: keys.publicKey, signature, verifies })
  }
  workshop = await openWorkshop(network)
  closers.push(() => workshop.stop())
  honest = await anchorDone(network, workshop, 'a')
})
afterAll(async () => {
  for (const close of closers.toReversed()) await close()
})

const own = () => accountOf(network.challenger).toLowerCase()

/** Asks the chain for what only a development chain does. */
async function develop(method: string, ...params: unknown[]): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await fetch(chain.rpcUrl, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
  return ((await answer.json()) as { result: unknown }).result
}

/** A book as a node that starts has it. */
async function openBook(
  onDrawn: (draw: AuditDraw) => void = () => undefined,
  client = network.challenger,
  onReplaced: () => void = () => undefined,
) {
  let book: AuditBook | undefined
  const onChange = () => book?.chainChanged()
  const watch = await watchChain({ client, minimumStake: 0n, pollMs: 50, log: silent, onChange })
  const parameters = { ...localParameters, challengeSeconds: 600 }
  const checkpointsOf = () => CHECKPOINTS
  book = auditBook({ parts: { client, chain: watch, log: silent }, parameters, checkpointsOf, onDrawn, onReplaced })
  const stop = () => {
    book?.stop()
    watch.stop()
  }
  closers.push(stop)
  return { book, chain: watch, stop }
}

it('orders follow once the block of the beacon is there, are the same in every node, and others where it is replaced', async () => {
  const told: AuditDraw[] = []
  const { book } = await openBook(draw => told.push(draw))
  const before = await develop('evm_snapshot')
  await until(() => book.isOpen(anchorHead(honest.anchor)))
  expect(book.draws()).toEqual([])

  await develop('anvil_mine', '0x1')
  await until(() => told.length > 0)
  const [drawn] = told
  expect(drawn).toMatchObject({ job: honest.job, round: 0, anchor: { documentId: honest.anchor.documentId } })
  expect(drawn?.orders).toMatchObject([0, 1].map(index => ({ index, verifiers: [own()], substitutes: [] })))
  for (const order of drawn?.orders ?? []) {
    expect(book.isDrawn(honest.job, order)).toBe(true)
    expect(book.isDrawn(honest.job, { ...order, segment: 1 - order.segment })).toBe(false)
  }
  expect(book.ordersOf(honest.job, 0)).toEqual(drawn?.orders)
  const rpc = await flakyRpc(chain.rpcUrl)
  closers.push(rpc.stop)
  const options = { rpcUrl: rpc.rpcUrl, chainId: chain.chainId, pollingMs: 5 }
  const { book: again, stop } = await openBook(undefined, createChainClient(options, network.challenger.addresses))
  rpc.begin()
  await until(() => again.draws().length > 0 && rpc.lost() > 0)
  expect(again.draws()).toEqual(told)
  stop()

  await develop('evm_revert', before)
  await develop('evm_increaseTime', 3)
  await develop('anvil_mine', '0x1')
  await until(() => told.length > 1)
  expect(told[1]).toMatchObject({ head: drawn?.head })
  expect(told[1]?.beacon).not.toBe(drawn?.beacon)
  expect(book.draws()).toEqual([told[1]])
  const { book: fresh } = await openBook()
  await until(() => fresh.draws().length > 0)
  expect(fresh.draws()).toEqual([told[1]])
})

type Attested = MessageBodies['attest']

const asDrawn = (draw: AuditDraw): AuditDraw => draw
/** As if others had been drawn before this verifier. */
const asSubstitute = (draw: AuditDraw): AuditDraw => ({
  ...draw,
  orders: draw.orders.map(order => ({ ...order, verifiers: [], substitutes: order.verifiers })),
})

/** The verifier's node, on a disk of its own; peers have what the workshop has. Started again, it goes on where it was. */
function verifierNode() {
  const { storage, compute, open } = nodeDisk(workshop, closers)
  const said: string[] = []
  const sent: Attested[] = []

  async function start(as = asDrawn) {
    const onReplaced = () => host?.chainReplaced()
    const { blobs, fetcher } = await open()
    let host: ReturnType<typeof hostVerifier> | undefined
    const { book, chain: watch, stop } = await openBook(draw => host?.drawn(as(draw)), network.challenger, onReplaced)
    const { challenger: client } = network
    const parts = {
      ...{ client, chain: watch, storage, blobs, compute, log: silent, signer: verifierKeys, fetcher },
      key: { address: accountOf(client) },
      peers: { list: () => [] },
      mailbox: { send: (_: string, __: string, ___: string, body: Attested) => void sent.push(body) },
    } as unknown as VerifierParts
    host = hostVerifier({
      parts,
      book: { draws: () => book.draws().map(as), isOpen: book.isOpen },
      challengeSeconds: 600,
      onReason: ({ text }) => void said.push(text),
    })
    const stopAll = () => {
      host?.stop()
      stop()
    }
    closers.push(stopAll)
    /** The job's coordinator says something. */
    const hear = (job: JobId, rest: object) =>
      host?.hear({ sender: coordinatorKeys.peer, sequence: 1, job, ...rest } as Message)
    return {
      book,
      note: ({ unit: { job, round }, index, segment }: Attested) =>
        hear(job, { kind: 'noted', body: { about: 'attest', round, index, segment } }),
      ask: ({ job, round, index, segment }: AuditOrder) =>
        hear(job, { kind: 'audit', body: { round, index, segment, claim: bad('0'), ends: [bad('1')] } }),
      stop: stopAll,
    }
  }
  return { start, said, sent, storage }
}

const bad = (digit: string): HashHex => digit.repeat(64) as HashHex

/** What the worker's commitment and what it reveals say of an attestation. */
function verdictOn({ document, values, anchor }: DoneRound, body: Attested): string {
  const { index, segment } = body
  const commitment = document.units[index]!.commitment
  const claim = anchor.works[index]!.claim
  const claimed = claimedSegment(sha256, { claim, schedule: SCHEDULE, segment, commitment })
  const stretch = unitSegment('train', SCHEDULE, segment)
  const reveal = revealSteps(sha256, SALT, values[index]!, stretch)
  return judgeAttestation(sha256, claimed, stretch, attestationOf(body), reveal).code
}

const gamesAbout = async ({ job }: DoneRound): Promise<GameOnChain[]> =>
  (await listGames(network.challenger, { account: accountOf(network.challenger) })).filter(game => game.job === job)

/** Anchors a round, and makes the block of its beacon. */
async function anchorAndDraw(salt: string, lie: RoundLie): Promise<DoneRound> {
  const round = await anchorDone(network, workshop, salt, lie)
  await develop('anvil_mine', '0x1')
  return round
}

it('a verifier attests to what it did again, and challenges what was not done, once, though it is stopped', async () => {
  const lied = await anchorAndDraw('b', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const node = verifierNode()
  const first = await node.start()
  const { sent, said } = node
  await until(() => sent.some(({ unit }) => unit.job === honest.job))
  first.stop()
  sent.length = 0
  const second = await node.start()
  const of = (round: DoneRound) => new Map(sent.filter(one => one.unit.job === round.job).map(one => [one.index, one]))
  await until(async () => of(honest).size === 2 && of(lied).size === 2 && (await gamesAbout(lied)).length > 0)

  expect([...of(honest).values()].map(body => verdictOn(honest, body))).toEqual(['agrees', 'agrees'])
  expect(verdictOn(lied, of(lied).get(0)!)).toBe('agrees')
  expect(verdictOn(lied, of(lied).get(1)!)).toBe('other-end')
  expect(await gamesAbout(honest)).toEqual([])
  expect(await gamesAbout(lied)).toMatchObject([{ position: 1, isOuter: false, state: 'open' }])

  await until(() => said.filter(text => /outer step of round 0 again: it agrees/.test(text)).length === 2)
  const [unheard, ...heard] = [...of(honest).values(), ...of(lied).values()]
  for (const body of heard) second.note(body)
  second.stop()
  const count = said.length
  sent.length = 0
  const third = await node.start()
  await until(() => sent.length > 0)
  third.stop()
  expect(sent).toEqual([unheard])
  expect(said.slice(count)).toEqual([])
  const done = said.filter(text => /^did steps? .* again/.test(text))
  for (const replica of [0, 1])
    expect(done.filter(text => text.includes(`of replica ${replica} in round 0 again`))).toHaveLength(2)
  expect(done.filter(text => text.endsWith('agrees'))).toHaveLength(3)
  expect(done.filter(text => text.endsWith('challenging part 0 of the unit'))).toHaveLength(1)
})

it('challenges what was not done though nobody gives the document of its round: the chain shows what is claimed', async () => {
  const lied = await anchorAndDraw('8', { unit: { checkpointRoots: [bad('b'), bad('c')] }, isWithheld: true })
  const { start, sent } = verifierNode()
  const { stop } = await start()
  await until(async () => (await gamesAbout(lied)).length > 0 && sent.some(({ unit }) => unit.job === lied.job))
  stop()
  expect(await gamesAbout(lied)).toMatchObject([{ position: 1, isOuter: false, state: 'open' }])
  const right = sent.find(({ unit, index }) => unit.job === lied.job && index === 0)
  expect(right && verdictOn(lied, right)).toBe('agrees')
})

it('challenges who attested to what was not done, and to what nobody claimed, in games of their own', async () => {
  const lied = await anchorDone(network, workshop, '3', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const { coordinator } = network
  const wrong = await attestedBy(coordinator, lied.anchor, { index: 1, segment: 0 })
  const invented = await attestedBy(coordinator, lied.anchor, { index: 0, segment: 0, claim: bad('9') })
  const link = await anchorNext(network, lied.anchor, [wrong, invented])
  await develop('anvil_mine', '0x1')
  const node = verifierNode()
  const { stop } = await node.start(draw => (draw.head === anchorHead(lied.anchor) ? draw : { ...draw, orders: [] }))
  await until(async () => (await gamesAbout(lied)).length === 3)
  const about = async (head: HashHex) =>
    (await gamesAbout(lied)).filter(game => game.head === head).sort((a, b) => a.position - b.position)
  expect(await about(anchorHead(lied.anchor))).toMatchObject([{ position: 1, isAttestation: false, state: 'open' }])
  expect(await about(anchorHead(link))).toMatchObject([
    { position: 2, isAttestation: true, defender: accountOf(coordinator), state: 'open' },
    { position: 3, isAttestation: true, defender: accountOf(coordinator), state: 'refuted' },
  ])
  expect(node.said.filter(text => /^opened game \d+ about the attestation of 0x/.test(text))).toHaveLength(2)
  stop()
})

it('leaves alone who attested to what it found itself, and to what follows from a wrong start', async () => {
  const lied = await anchorDone(network, workshop, '4', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const { coordinator } = network
  const right = await attestedBy(coordinator, lied.anchor, { index: 0, segment: 0 })
  const after = await attestedBy(coordinator, lied.anchor, { index: 1, segment: 1 })
  const link = await anchorNext(network, lied.anchor, [right, after])
  const isFirst = ({ head }: AuditDraw) => head === anchorHead(lied.anchor)
  await develop('anvil_mine', '0x1')
  const node = verifierNode()
  const { book, stop } = await node.start(draw => (isFirst(draw) ? draw : { ...draw, orders: [] }))
  await until(() => book.draws().some(({ head }) => head === anchorHead(link)))
  await until(async () => (await gamesAbout(lied)).length > 0 && node.said.some(text => /outer step/.test(text)))
  // Whatever it would challenge, it has looked at by the time at which it has done another audit.
  const later = await anchorAndDraw('5', {})
  const last = await node.start(draw => (isFirst(draw) || draw.job === later.job ? draw : { ...draw, orders: [] }))
  await until(() => node.sent.filter(({ unit }) => unit.job === later.job).length >= 2)
  expect(await gamesAbout(lied)).toMatchObject([{ position: 1, isAttestation: false, isOuter: false }])
  last.stop()
  stop()
})

it('a challenge in a block that the chain has replaced is made again', async () => {
  const lied = await anchorAndDraw('1', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const node = verifierNode()
  const { book, stop } = await node.start(draw => (draw.job === lied.job ? draw : { ...draw, orders: [] }))
  const opened = () => node.said.filter(text => /^opened game/.test(text)).length
  await until(async () => opened() === 1 && (await gamesAbout(lied)).length > 0)
  // A later round is drawn: the book has read the block of the game.
  const [game] = await listGames(network.challenger, { job: lied.job })
  const later = await anchorAndDraw('2', {})
  await until(() => book.draws().some(({ job }) => job === later.job))
  const depth = Number((await latestBlockNumber(network.challenger)) - game!.openedAt) + 1
  await develop('anvil_reorg', depth, [])
  await until(() => opened() === 2)
  expect(await gamesAbout(lied)).toMatchObject([{ position: 1, isOuter: false, state: 'open' }])
  stop()
})

it('a substitute waits until it is asked; wrong outer steps and starts, and what cannot be, are challenged too', async () => {
  const outer = await anchorAndDraw('c', { globalRoot: bad('e') })
  const elsewhere = await anchorAndDraw('d', { unit: { replicaRoot: bad('f') } })
  const impossible = await anchorAndDraw('7', { unit: { checkpointRoots: [bad('b')] } })
  const node = verifierNode()
  const { book, ask } = await node.start(asSubstitute)
  const drawn = () => book.draws().filter(({ job }) => [outer, elsewhere, impossible].some(round => round.job === job))
  await until(() => drawn().length === 3)
  expect(node.storage.facts.entries('audit/')).toEqual([])

  const orders = drawn().flatMap(draw => draw.orders)
  for (const { job, index, ...order } of orders)
    if (index === (job === outer.job ? 0 : 1)) ask({ ...order, job, index })
  const areCharged = async (...rounds: DoneRound[]) =>
    (await Promise.all(rounds.map(gamesAbout))).every(games => games.length > 0)
  await until(() => areCharged(outer, elsewhere, impossible))
  expect(await gamesAbout(outer)).toMatchObject([{ position: 0, isOuter: true, state: 'open' }])
  for (const round of [elsewhere, impossible])
    expect(await gamesAbout(round)).toMatchObject([{ position: 1, isOuter: false, state: 'refuted' }])
  expect(node.sent.every(({ unit }) => unit.job === outer.job)).toBe(true)

  await develop('anvil_mine', '0x1')
  await until(() => book.draws().some(({ orders: [order] }) => /refuted/.test(order?.reason ?? '')))
  expect(book.isOpen(anchorHead(elsewhere.anchor))).toBe(false)
})

/** A worker's node that took part in rounds, and says that it found another state after each than their links have. */
async function dissenter(...rounds: readonly DoneRound[]) {
  const { storage, compute, open } = nodeDisk(workshop, closers)
  const said: string[] = []
  const jobs = rounds.map(({ job, anchor }) => {
    const closed = new Map([[0, { claims: claimsOf(anchor, 2) }]])
    return [job, { closed, reports: new Map([[0, { outcome: { globalRoot: bad('1') } }]]) }] as const
  })
  let dissent: OuterDissent | undefined
  const { chain: watch, book } = await openBook(draw => dissent?.drawn(draw))
  const { challenger: client } = network
  const parts = {
    ...{ client, chain: watch, storage, compute, log: silent, signer: verifierKeys, learn: () => undefined },
    ...{ ...(await open()), key: { address: accountOf(client) }, peers: { list: () => [] } },
  }
  dissent = outerDissent({
    parts: parts as unknown as VerifierParts,
    state: () => ({ jobs: new Map(jobs) as never }),
    ...{ challengeSeconds: 600, onReason: ({ text }: { readonly text: string }) => void said.push(text) },
  })
  closers.push(dissent.stop)
  for (const draw of book.draws()) dissent.drawn(draw)
  return { said, dissent, draws: book.draws }
}

it('a worker that found another state after a round challenges the one in its link, unless doing it again says so too', async () => {
  const lied = await anchorAndDraw('6', { globalRoot: bad('e') })
  const { said, dissent, draws } = await dissenter(honest, lied)
  await until(() => said.length > 0)
  expect(said).toEqual([expect.stringMatching(/^the outer step of round 0 leads to another state .* opened game/)])
  expect(await gamesAbout(lied)).toMatchObject([{ position: 0, isOuter: true, state: 'open' }])
  dissent.chainReplaced()
  await until(() => draws().some(({ job }) => job === honest.job))
  expect(await gamesAbout(honest)).toEqual([])
  expect(said).toHaveLength(1)
})

/** Who signs truly that an outer step led nowhere, because of another's unit, does not answer for that unit. */
async function outerIsRefused({ anchor, document, submission }: DoneRound): Promise<void> {
  const { documentId, provable: job } = submission
  const found = await workshop.compute.request({ kind: 'contents', document: documentId as DocumentId })
  if (!found.ok) throw new Error(found.why)
  const contents = found.value
  const claims = document.units.map(({ commitment }) => trainedClaim(commitment))
  const charge = { anchor, position: 0, isOuter: true, part: 0, job, claims, claimsBefore: [], contents }
  expect(await openGame(network.challenger, charge)).toMatchObject({ ok: false, code: 'BadPart' })
}

it.each([
  ['unit', { position: 1, isOuter: false }, /replica 1 in round 0 again.*challenging part 1 of the unit/],
  ['outer', { position: 0, isOuter: true }, /outer step of round 0 again: it leads to another state; challenging it/],
  ['evaluation', { position: 2, isOuter: false }, /evaluation after round 0 again.*challenging/],
] as const)(
  'a false divergence (%s) that closed the chain is challenged; its worker loses, and the chain is open',
  async (diverged, claim, wrong) => {
    const lied = await anchorAndDraw({ unit: 'e', outer: 'f', evaluation: '7' }[diverged], { diverged })
    const { submitter, challenger } = network
    expect(await readAnchors(submitter, lied.job)).toMatchObject({ rounds: 0, isEnded: true })
    const node = verifierNode()
    const isLied = ({ job }: { readonly job: JobId }) => job === lied.job
    const { book, stop } = await node.start(draw => (isLied(draw) ? draw : { ...draw, orders: [] }))
    await until(async () => (await gamesAbout(lied)).length > 0)
    if (diverged === 'unit') await outerIsRefused(lied)
    const drawn = book.draws().find(isLied)
    const indexes = lied.anchor.works.map(({ index }) => index)
    expect(drawn?.orders).toMatchObject(indexes.map(index => ({ index, reason: 'its link closed the chain' })))
    const [game, ...others] = await gamesAbout(lied)
    expect(others).toEqual([])
    expect(game).toMatchObject({ ...claim, state: 'open' })
    expect(node.said.filter(text => text.includes('challenging'))).toEqual([expect.stringMatching(wrong)])
    stop()
    expect(node.sent).toEqual([])

    await network.advance(localParameters.maximumDelaySeconds + 600)
    expect(await endLateGame(challenger, game!.game)).toMatchObject({ ok: true })
    expect(await gamesAbout(lied)).toMatchObject([{ state: 'refuted' }])
    expect(await readAnchors(submitter, lied.job)).toMatchObject({ rounds: 0, isEnded: false })
  },
)
