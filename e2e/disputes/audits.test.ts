/** Audits as nodes draw them from a real chain and verifiers do them: real anchors, real work, real games opened. */
import {
  anchorHead,
  anchorRound,
  claimsHash,
  createChainClient,
  endLateGame,
  latestBlockNumber,
  listGames,
  localParameters,
  openGame,
  readAnchors,
  signWork,
} from '@cairn/contracts'
import { withClaims } from '@cairn/contracts/conformance'
import { type AuditDraw, type OuterDissent, outerDissent, sha256, type VerifierParts } from '@cairn/node/parts'
import {
  attestationOf,
  claimedSegment,
  claimsOf,
  type DocumentId,
  type JobId,
  judgeAttestation,
  outerMessage,
  revealSteps,
  trainedClaim,
  unitSegment,
} from '@cairn/protocol'
import { afterAll, expect, it } from 'vitest'
import { bad, CHECKPOINTS, silent, startAuditedNetwork, verifierKeys } from './audited-network.ts'
import { anchorDone, type DoneRound } from './audited-round.ts'
import { accountOf } from './disputed-round.ts'
import { flakyRpc } from './flaky-rpc.ts'
import { until } from './game-nodes.ts'
import { nodeDisk } from './node-disk.ts'
import { type Attested, openBook, verifierNode } from './verifier-node.ts'

const SCHEDULE = { innerSteps: 4, checkpoints: CHECKPOINTS, evaluationBatches: 2 }
const SALT = new Uint8Array(32).fill(9)

const audited = await startAuditedNetwork()
const { chain, network, workshop, closers, develop, mine, anchorAndDraw, gamesAbout } = audited
afterAll(audited.stop)
const honest = await anchorDone(network, workshop, 'a')

const own = () => accountOf(network.challenger).toLowerCase()

it('orders follow once the block of the beacon is there, are the same in every node, and others where it is replaced', async () => {
  const told: AuditDraw[] = []
  const { book } = await openBook(audited, draw => told.push(draw))
  const before = await develop('evm_snapshot')
  await until(() => book.isOpen(anchorHead(honest.anchor)))
  expect(book.draws()).toEqual([])

  await mine()
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
  const { book: again, stop } = await openBook(
    audited,
    undefined,
    createChainClient(options, network.challenger.addresses),
  )
  rpc.begin()
  await until(() => again.draws().length > 0 && rpc.lost() > 0)
  expect(again.draws()).toEqual(told)
  stop()

  await develop('evm_revert', before)
  await develop('evm_increaseTime', 3)
  await mine()
  await until(() => told.length > 1)
  expect(told[1]).toMatchObject({ head: drawn?.head })
  expect(told[1]?.beacon).not.toBe(drawn?.beacon)
  expect(book.draws()).toEqual([told[1]])
  const { book: fresh } = await openBook(audited)
  await until(() => fresh.draws().length > 0)
  expect(fresh.draws()).toEqual([told[1]])
})

/** As if others had been drawn before this verifier. */
const asSubstitute = (draw: AuditDraw): AuditDraw => ({
  ...draw,
  orders: draw.orders.map(order => ({ ...order, verifiers: [], substitutes: order.verifiers })),
})

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

it('a verifier attests to what it did again, and challenges what was not done, once, though it is stopped', async () => {
  const lied = await anchorAndDraw('b', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const node = verifierNode(audited)
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
  const { start, sent } = verifierNode(audited)
  const { stop } = await start()
  await until(async () => (await gamesAbout(lied)).length > 0 && sent.some(({ unit }) => unit.job === lied.job))
  stop()
  expect(await gamesAbout(lied)).toMatchObject([{ position: 1, isOuter: false, state: 'open' }])
  const right = sent.find(({ unit, index }) => unit.job === lied.job && index === 0)
  expect(right && verdictOn(lied, right)).toBe('agrees')
})

it('a challenge in a block that the chain has replaced is made again', async () => {
  const lied = await anchorAndDraw('1', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const node = verifierNode(audited)
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
  const node = verifierNode(audited)
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

  await mine()
  await until(() => book.draws().some(({ orders: [order] }) => /refuted/.test(order?.reason ?? '')))
  expect(book.isOpen(anchorHead(elsewhere.anchor))).toBe(false)
})

it('a unit that is disputed, and anchored again after a rewind for something else, is disputed in the new link, too', async () => {
  const lied = await anchorAndDraw('3', { unit: { checkpointRoots: [bad('b'), bad('c')] }, globalRoot: bad('e') })
  const { coordinator, challenger } = network
  const { start, said } = verifierNode(audited)
  const { again, stop } = await start(draw => (draw.head === anchorHead(lied.anchor) ? draw : { ...draw, orders: [] }))
  const games = () => listGames(challenger, { job: lied.job })
  await until(async () => (await games()).length === 2)
  await network.advance(localParameters.maximumDelaySeconds + 1)
  const outer = (await games()).find(({ isOuter }) => isOuter)
  expect(await endLateGame(challenger, outer!.game)).toMatchObject({ ok: true })
  const { head: previousHead, rounds } = await readAnchors(challenger, lied.job)
  expect(rounds).toBe(0)

  const other = { ...lied.anchor, previousHead, globalRoot: bad('4') }
  const [first, second] = other.works
  const signed = await signWork(network.workers[0]!, outerMessage(other, 2, claimsHash))
  const anchor = {
    ...other,
    works: [
      { ...first!, outer: signed },
      { ...second!, outer: '0x' as const },
    ],
  }
  expect(await anchorRound(coordinator, withClaims({ epoch: 1, ...anchor }))).toMatchObject({ ok: true })
  await mine()
  await until(async () => {
    again(await games())
    return (await games()).length === 3
  })
  expect((await games()).at(-1)).toMatchObject({ head: anchorHead(anchor), position: 1, isOuter: false, state: 'open' })
  expect(said.at(-1)).toMatch(/is about was anchored again: opened game/)
  stop()
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
  const { chain: watch, book } = await openBook(audited, draw => dissent?.drawn(draw))
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
    const lied = await anchorAndDraw({ unit: 'e', outer: 'f', evaluation: '9' }[diverged], { diverged })
    const { submitter, challenger } = network
    expect(await readAnchors(submitter, lied.job)).toMatchObject({ rounds: 0, isEnded: true })
    const node = verifierNode(audited)
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
