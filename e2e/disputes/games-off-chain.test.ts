/** Games that nodes play by messages: the chain sees two transactions of them, or whatever a side does not answer. */
import {
  type ChainClient,
  type LocalChain,
  listGames,
  moveGame,
  readAnchors,
  readBalances,
  readGame,
  readGameMoney,
  readGameMoves,
  resumeGame,
  signPosition,
  startLocalChain,
} from '@cairn/contracts'
import { openChallenge, signerOf } from '@cairn/node/parts'
import { type HashHex, sha256 } from '@cairn/primitives'
import {
  applyMove,
  defend,
  type Message,
  type MessageBodies,
  type Move,
  type Position,
  type Subject,
  type TraceProvider,
} from '@cairn/protocol'
import { createReferee, submissionOf } from '@cairn/training'
import { claimedBy, lyingTraces, type TracedJob, tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { accountOf, anchorDisputed, type DisputeNetwork, startDisputeNetwork } from './disputed-round.ts'
import { joinOffice, postOffice, sentBytes } from './game-mail.ts'
import { computeBy, type GameNode, startGameNode, until } from './game-nodes.ts'
import { keptEvidence } from './kept-evidence.ts'

const rules = { hash: sha256, referee: createReferee(sha256) }

let chain: LocalChain
let network: DisputeNetwork
let job: TracedJob
let honest: ReturnType<typeof tracesOf>
const closers: (() => Promise<unknown>)[] = []
beforeAll(async () => {
  chain = await startLocalChain()
  network = await startDisputeNetwork(chain)
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

const sentBy = (client: ChainClient) => client.reader.getTransactionCount({ address: accountOf(client) })
const seedOf = (client: ChainClient) => network.seeds.get(accountOf(client))!
const COPIES = ['input', 'constant', 'reshape']

/** A lie about one element of the last operator that computes something, in the last run of a subject. */
function lieAbout({ graph, runs }: Subject): TraceProvider {
  const operator = job.job.program.graphs[graph].nodes.findLastIndex(node => !COPIES.includes(node.operator))
  return lyingTraces(honest, { about: 'element', run: runs - 1, operator, leaf: 0 })
}

/** A round whose unit of replica 1 is a lie, or not. */
async function round(salt: string, isLie: boolean) {
  const { blobs, documentId } = submissionOf(sha256, {
    ...{ program: job.job.program, data: job.job.data, initialRoot: job.provable.initialRoot, stepMemoryBytes: 1 },
    network: { chainId: chain.chainId, escrow: network.submitter.addresses.escrow.toLowerCase() },
    ...{ submitter: accountOf(network.submitter).toLowerCase(), salt: salt.repeat(64) as HashHex },
  })
  const liar = lieAbout(job.subjects.first)
  const { targets } = await claimedBy(liar, job.subjects.first)
  const lie = { ...job.claim, checkpointRoots: job.claim.checkpointRoots.with(0, targets[0]!.root) }
  const { charge, anchor } = await anchorDisputed(network, sha256, job, isLie ? lie : job.claim, documentId)
  return { blobs, liar, anchor, charge: { ...charge, part: 0 } }
}

async function challengeBy({ parts }: GameNode, charge: Parameters<typeof openChallenge>[1]): Promise<number> {
  const opened = await openChallenge(parts, charge)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.game
}

const stateOf = async (game: number) => (await readGame(network.submitter, game)).state

it('a game that is played by messages needs two transactions, also when a side is killed in the middle', async () => {
  const { blobs, liar, anchor, charge } = await round('a', true)
  const [, worker] = network.workers
  const { challenger } = network
  const before = await Promise.all([worker, challenger].map(sentBy))
  const { stake } = await readBalances(worker, accountOf(worker))
  const office = postOffice()
  const own = computeBy(() => honest)
  const accuser = await start(challenger, {
    ...{ blobs, compute: own.compute, mail: { office, seed: seedOf(challenger) } },
  })
  const first = computeBy(() => liar, 2)
  const defender = { blobs, mail: { office, seed: seedOf(worker) } }
  const killed = await startGameNode(worker, { ...defender, compute: first.compute })

  const game = await challengeBy(accuser, charge)
  await first.silent
  await killed.kill()
  const second = computeBy(() => liar)
  await start(worker, { ...defender, compute: second.compute, directory: killed.directory })
  await until(async () => (await stateOf(game)) !== 'open')

  expect(await stateOf(game)).toBe('refuted')
  expect(first.moves() + second.moves() + own.moves()).toBeGreaterThan(7)
  const after = await Promise.all([worker, challenger].map(sentBy))
  expect(after.map((count, i) => count - before[i]!)).toEqual([0, 2])
  expect((await readGameMoves(challenger, game))?.moves).toEqual([])
  const { movesBefore, slash } = (await readGameMoney(challenger, game))!
  expect(movesBefore).toBe(first.moves() + second.moves() + own.moves() - 1)
  expect(slash).toMatchObject({ loser: accountOf(worker), winner: accountOf(challenger) })
  expect((await readBalances(worker, accountOf(worker))).stake).toBeLessThan(stake)
  expect(await readAnchors(worker, anchor.job)).toMatchObject({ rounds: 0 })
  expect(accuser.said.join()).toMatch(/as challenger: proves it wrong: the element comes to another value/)
  expect(sentBytes(office)).toBeLessThan(100_000)
  await until(() => accuser.parts.storage.facts.entries('game/').length === 0)
  expect(await keptEvidence(accuser, game)).toMatchObject({ said: movesBefore, untold: 0 })
})

it('an accuser that falls silent, and goes on on the chain, loses to the clock', async () => {
  const { blobs, liar, charge } = await round('b', false)
  const { challenger } = network
  const [, worker] = network.workers
  const office = postOffice()
  const first = computeBy(() => liar, 3)
  const accuser = await startGameNode(challenger, {
    ...{ blobs, compute: first.compute, mail: { office, seed: seedOf(challenger) } },
  })
  const own = computeBy(() => honest)
  const defender = await start(worker, { blobs, compute: own.compute, mail: { office, seed: seedOf(worker) } })
  const game = await challengeBy(accuser, charge)
  await first.silent
  const movesOf = async () => (await readGameMoves(worker, game))!.moves
  expect(await movesOf()).toEqual([])
  // Half of the defender's clock is used: what it has said last is now on the chain, two moves in this place.
  await network.advance(61)
  await until(async () => (await movesOf()).at(-1)?.after.turn === 8)
  expect((await movesOf()).slice(-2)).toMatchObject([
    { by: 'defender', before: { turn: 6 } },
    { by: 'defender', after: { toMove: 'challenger' } },
  ])
  await accuser.kill()

  const second = computeBy(() => liar)
  const alone = await start(challenger, { blobs, compute: second.compute, directory: accuser.directory })
  await until(() => alone.said.some(line => line.includes('MoveRefused')))
  await network.advance(130)
  await until(async () => (await stateOf(game)) === 'defended')
  await until(() => defender.said.some(line => line.startsWith('the challenger was silent for too long')))
  const { bundle, untold } = await keptEvidence(defender, game)
  expect(bundle).toMatchObject({ result: { winner: 'defender', by: 'silence' } })
  expect(untold).toBe(0)
})

it('what is wrong, old or said twice changes nothing; what the chain is told counts', async () => {
  const { blobs, liar, charge, anchor } = await round('c', true)
  const [other, worker] = network.workers
  const { challenger } = network
  const office = postOffice()
  const own = computeBy(() => honest)
  const node = await start(challenger, { blobs, compute: own.compute, mail: { office, seed: seedOf(challenger) } })
  const to = signerOf(seedOf(challenger)).peer
  const heard: MessageBodies['game'][] = []
  const hear = (message: Message) => void (message.kind === 'game' && heard.push(message.body))
  const [post, strangers] = await Promise.all(
    [worker, other].map(by => joinOffice(office, node.parts, seedOf(by), hear)),
  )
  closers.push(strangers!.leave)
  const { mailbox } = post!

  const game = await challengeBy(node, charge)
  const { subject, start: position } = (await readGameMoves(worker, game))!
  const move = await defend(rules, liar, subject, position)
  if (move.move !== 'runs') throw new Error(`a game that begins with ${move.move}`)
  const otherMove: Move = { ...move, roots: move.roots.with(0, 'ab'.repeat(32) as HashHex) }
  const leadsTo = (from: Position, by: Move): Position => {
    const made = applyMove(rules, subject, from, by)
    if (made.result !== 'moved') throw new Error(made.result)
    return made.position
  }
  const say = async (by: ChainClient, said: Move, turn = 0): Promise<MessageBodies['game']> => {
    const after = said.move === 'runs' ? leadsTo(position, said) : position
    const signature = (await signPosition(by, { game, subject, position: after })).slice(2)
    return { game, turn, move: said, signature }
  }
  const dropped = (reason: string) => node.said.filter(line => line.includes(reason)).length
  const good = await say(worker, move)
  strangers!.mailbox.send(to, 'game', anchor.job, good)
  mailbox.send(to, 'game', anchor.job, { ...good, game: game + 1 })
  for (const [bad, reason] of [
    [await say(other, move), 'its account has not signed it'],
    [{ ...good, signature: 'ff'.repeat(65) }, 'its account has not signed it'],
    [await say(worker, { move: 'concede' }), 'that is for the chain'],
    [await say(worker, { move: 'pick', child: 0 }), "it is the defender's turn"],
    [await say(worker, move, 4), 'the game is at turn 0'],
  ] as const) {
    const count = dropped(reason)
    // Who said something wrong is not heard for a while.
    await until(() => {
      mailbox.send(to, 'game', anchor.job, bad)
      return dropped(reason) > count
    })
  }
  expect(own.moves()).toBe(0)
  await until(() => {
    mailbox.send(to, 'game', anchor.job, good)
    return heard.length > 0
  })
  const [answer] = heard
  expect(answer).toMatchObject({ game, turn: 1, move: { move: 'pick' } })

  // Another move for the same turn: the first counts, until the chain is told.
  mailbox.send(to, 'game', anchor.job, await say(worker, otherMove))
  await until(() => heard.length > 1)
  expect(heard.every(body => body.signature === answer!.signature)).toBe(true)
  expect(await moveGame(worker, { game, subject, position, move: otherMove })).toMatchObject({ ok: true })
  await until(() => heard.some(body => body.turn === 1 && body.signature !== answer!.signature))

  // And then the challenger's first answer is gone on from after all.
  const picked = leadsTo(leadsTo(position, move), answer!.move)
  const next = await defend(rules, liar, subject, picked)
  const resumed = { game, subject, position: picked, move: next }
  expect(await resumeGame(worker, resumed, `0x${answer!.signature}`)).toMatchObject({ ok: true })
  await post!.leave()
  await start(worker, { blobs, compute: computeBy(() => liar).compute })
  await until(async () => (await stateOf(game)) === 'refuted')
  expect(await listGames(worker, { job: anchor.job })).toMatchObject([{ game, state: 'refuted' }])
  expect(await keptEvidence(node, game)).toMatchObject({ bundle: { result: { by: 'proof' } } })
})
