/** Disputes played by nodes' game hosts alone: each with its own account, on a real chain, by real compute threads. */
import {
  createChainClient,
  type LocalChain,
  listVoidWorks,
  readAnchors,
  readBalances,
  readGame,
  startLocalChain,
} from '@cairn/contracts'
import { openChallenge } from '@cairn/node/parts'
import { type HashHex, sha256 } from '@cairn/primitives'
import type { Account, Subject, TraceProvider } from '@cairn/protocol'
import { type State, stateParts, submissionOf, updateSlots } from '@cairn/training'
import { claimedBy, lyingTraces, type TracedJob, tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { accountOf, anchorDisputed, type DisputeNetwork, startDisputeNetwork } from './disputed-round.ts'
import { flakyRpc } from './flaky-rpc.ts'
import { computeBy, type GameNode, keyOf, startGameNode, until } from './game-nodes.ts'
import { keptEvidence } from './kept-evidence.ts'
import { anchorNext, attestedBy } from './next-round.ts'
import { changesOf, readWorths } from './worth.ts'

/** Of this network's terms and parameters. */
const [UNIT_BOND, BURNED, REWARD] = [999n, 500n, 1n]

let chain: LocalChain
let network: DisputeNetwork
let job: TracedJob
let honest: ReturnType<typeof tracesOf>
const closers: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  chain = await startLocalChain()
  // What the reward leaves of a bond is compensation.
  network = await startDisputeNetwork(chain, { challengerReward: REWARD })
  job = await traceJob(tinyDigits())
  honest = tracesOf(job)
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
afterAll(async () => {
  await honest?.close()
  await chain?.stop()
})

async function start(...node: Parameters<typeof startGameNode>): Promise<GameNode> {
  const started = await startGameNode(...node)
  closers.push(started.stop)
  return started
}

/** The job as somebody submits it: `salt` makes it another one. */
const submit = (salt: string) =>
  submissionOf(sha256, {
    ...{ program: job.job.program, data: job.job.data, initialRoot: job.provable.initialRoot, stepMemoryBytes: 1 },
    network: { chainId: chain.chainId, escrow: network.submitter.addresses.escrow.toLowerCase() },
    ...{ submitter: accountOf(network.submitter).toLowerCase(), salt: salt.repeat(64) as HashHex },
  })

const COPIES = ['input', 'constant', 'reshape']

function worths() {
  const { submitter, coordinator, workers, challenger } = network
  const [other, worker] = workers.map(accountOf) as [Account, Account]
  const of = { submitter: accountOf(submitter), coordinator: accountOf(coordinator), challenger: accountOf(challenger) }
  return readWorths(submitter, { ...of, other, worker })
}

/** A lie about one element of the last operator that computes something, in the last run of a subject. */
function lieAbout({ graph, runs }: Subject): TraceProvider {
  const operator = job.job.program.graphs[graph].nodes.findLastIndex(node => !COPIES.includes(node.operator))
  return lyingTraces(honest, { about: 'element', run: runs - 1, operator, leaf: 0 })
}

it('a worker that lies is killed, comes back, and loses its bond all the same', async () => {
  const liar = lieAbout(job.subjects.first)
  const { targets } = await claimedBy(liar, job.subjects.first)
  const claim = { ...job.claim, checkpointRoots: job.claim.checkpointRoots.with(0, targets[0]!.root) }
  const { blobs, documentId } = submit('a')
  const { charge, anchor } = await anchorDisputed(network, sha256, job, claim, documentId)
  await anchorNext(network, anchor)
  const [other, worker] = network.workers
  const before = await readBalances(worker, accountOf(worker))
  const booked = await worths()
  const challenger = await start(network.challenger, { blobs })
  const first = computeBy(() => liar, 2)
  const killed = await startGameNode(worker, { blobs, compute: first.compute })

  const opened = await Promise.all([0, 1].map(() => openChallenge(challenger.parts, { ...charge, part: 0 })))
  expect(opened[0]).toMatchObject({ ok: true })
  const { game } = opened[0] as { game: number }
  expect(opened[1]).toMatchObject({ ok: true, game })
  const idle = await openChallenge({ ...challenger.parts, ...keyOf(network.coordinator) }, { ...charge, part: 0 })
  await first.silent
  await killed.stop()
  const second = computeBy(() => liar)
  await start(worker, { blobs, compute: second.compute })

  await until(async () => (await readGame(worker, game)).state !== 'open')
  expect(await readGame(worker, game)).toMatchObject({ state: 'refuted' })
  expect(first.moves()).toBe(2)
  expect(second.moves()).toBeGreaterThan(2)
  expect((await readBalances(worker, accountOf(worker))).stake).toBeLessThan(before.stake)
  expect(await readAnchors(worker, anchor.job)).toMatchObject({ rounds: 0 })
  expect(challenger.said.join()).toMatch(/as challenger: proves it wrong: the element comes to another value/)
  await until(async () => (await readGame(worker, (idle as { game: number }).game)).state === 'dissolved')

  // The other worker did nothing wrong, in this round and in the next one: nobody but its own node cares.
  const { tokens } = await readBalances(other, accountOf(other))
  const bonds = async () => (await listVoidWorks(other, anchor.job, accountOf(other))).map(({ bond }) => bond)
  expect(await bonds()).toEqual(['locked', 'locked'])
  const victim = await start(other, { blobs })
  await until(() => victim.said.some(line => line.startsWith('a void work is reported')))
  await network.advance(600)
  await until(async () => !(await bonds()).includes('locked'))
  await network.advance(300)
  await until(async () => (await readBalances(other, accountOf(other))).tokens === tokens + 100n)

  // Half of the bond is burned; of the rest the challenger has its reward, the victim the price of its void unit, and the
  // submitter what is left. Whoever was wrong has a void unit in the next round, too, and nothing for it.
  expect(changesOf(booked, await worths())).toEqual({
    ...{ worker: -UNIT_BOND, challenger: REWARD, other: 100n, coordinator: 0n },
    ...{ submitter: UNIT_BOND - BURNED - REWARD - 100n, burned: BURNED },
  })
  expect((await readBalances(worker, accountOf(worker))).tokens).toBe(before.tokens)
})

it('a node defends what it attested to by doing it again, though its worker has lost the unit on purpose', async () => {
  const { blobs, documentId } = submit('e')
  const { charge, anchor } = await anchorDisputed(network, sha256, job, job.claim, documentId)
  const { coordinator } = network
  const link = await anchorNext(network, anchor, [await attestedBy(coordinator, anchor, { index: 1, segment: 0 })])
  const { locked } = await readBalances(coordinator, accountOf(coordinator))
  const { compute } = computeBy(lieAbout)
  const accuser = await start(network.challenger, { blobs, compute })
  const verifier = await start(coordinator, { blobs })
  const { game: lost } = (await openChallenge(accuser.parts, { ...charge, part: 0 })) as { game: number }
  await network.advance(121)
  await until(async () => (await readGame(coordinator, lost)).state === 'refuted')
  expect(await readAnchors(coordinator, anchor.job)).toMatchObject({ rounds: 0 })
  const about = { ...charge, anchor: link, position: link.works.length, part: 0 }
  const { game } = (await openChallenge(accuser.parts, about)) as { game: number }
  await until(() => accuser.said.some(line => line.includes('MoveRefused') && line.includes(`"game":${game},`)))
  await network.advance(130)
  await until(async () => (await readGame(coordinator, game)).state === 'defended')
  const kept = await keptEvidence(verifier, game)
  expect(kept.bundle).toMatchObject({ position: link.works.length, result: { winner: 'defender', by: 'silence' } })
  await network.advance(600)
  await until(async () => (await readBalances(coordinator, accountOf(coordinator))).locked < locked)
  await until(() => verifier.said.some(line => line.startsWith('the bond of a void work or attestation is free again')))
})

it('a false accuser of a unit and of an outer step loses its bonds to the clock, whatever the RPC loses', async () => {
  const { update, outer } = job.subjects
  const { blobs, documentId } = submit('b')
  const { charge, anchor } = await anchorDisputed(network, sha256, job, job.claim, documentId)
  const account = accountOf(network.challenger)
  const before = await readBalances(network.challenger, account)
  const { compute } = computeBy(({ graph }) => lieAbout(graph === 'outer' ? outer : update))
  const rpc = await flakyRpc(chain.rpcUrl)
  closers.unshift(rpc.stop)
  const { addresses } = network.workers[1]
  const privateKey = chain.keys[4]!
  const worker = createChainClient({ rpcUrl: rpc.rpcUrl, chainId: chain.chainId, privateKey, pollingMs: 5 }, addresses)
  // The update of the round lies elsewhere; the state that the unit's last part begins from lies nowhere.
  const { updateRoot } = job.claim
  const parts = stateParts(updateSlots(job.job.program.model), job.states.get(updateRoot) as State)
  const elsewhere = new Map([[updateRoot, parts]])
  const accuser = await start(network.challenger, { blobs, compute, elsewhere })
  const defender = await start(worker, { blobs, elsewhere })
  rpc.begin()

  const part = job.provable.checkpoints
  const nobody = await openChallenge(accuser.parts, { ...charge, position: 9, part })
  expect(nobody).toMatchObject({ ok: false, code: 'NoClaim', reason: expect.stringMatching(/no such claim/) })
  const ofOuter = { ...charge, isOuter: true, part: 0, claims: [job.claim, job.claim] }
  const opened = [await openChallenge(accuser.parts, { ...charge, part }), await openChallenge(accuser.parts, ofOuter)]
  const games = opened.map(each => (each as { game: number }).game)
  const areRefused = (): boolean =>
    games.every(game => accuser.said.some(line => line.includes('MoveRefused') && line.includes(`"game":${game},`)))
  await until(areRefused)
  await network.advance(130)
  for (const game of games) await until(async () => (await readGame(network.challenger, game)).state === 'defended')
  expect(defender.fetched).toEqual([updateRoot])
  expect(rpc.lost()).toBeGreaterThan(2)
  expect((await readBalances(network.challenger, account)).stake).toBeLessThan(before.stake)
  expect(await readAnchors(network.challenger, anchor.job)).toMatchObject({ rounds: 1 })
})
