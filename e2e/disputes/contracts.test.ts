/** Disputes about real claims on real contracts: opened, played by two accounts, judged, and paid for. */
import { createHash } from 'node:crypto'
import {
  type CallResult,
  endLateGame,
  type LocalChain,
  listGames,
  moveGame,
  openGame,
  readAnchors,
  readBalances,
  readGame,
  readGameMoney,
  readGameMoves,
  readPosition,
  resumeGame,
  signPosition,
  startLocalChain,
} from '@cairn/contracts'
import type { HashFunction, HashHex } from '@cairn/primitives'
import { applyMove, NOTHING_SHOWN, type Position, remember } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { claimedBy, lyingTraces, type TracedJob, tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { accountOf, anchorDisputed, type DisputeNetwork, startDisputeNetwork } from './disputed-round.ts'
import { moveOf, type Players, playOnContract } from './play-on-contract.ts'

const hash = ((...parts) => {
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return new Uint8Array(state.digest())
}) as HashFunction
const rules = { hash, referee: createReferee(hash) }

let chain: LocalChain
let network: DisputeNetwork
let job: TracedJob
let honest: ReturnType<typeof tracesOf>
beforeAll(async () => {
  chain = await startLocalChain()
  network = await startDisputeNetwork(chain)
  job = await traceJob(tinyDigits())
  honest = tracesOf(job)
})
afterAll(async () => {
  await honest?.close()
  await chain?.stop()
})

function mustBe<T extends CallResult>(result: T): Extract<T, { ok: true }> {
  if (!result.ok) throw new Error(result.reason)
  return result as Extract<T, { ok: true }>
}

/** A claim whose first checkpoint follows from one wrong element of the last operator of its kind in step 1. */
async function lieAbout(kind: string) {
  const subject = job.subjects.first
  const { nodes } = job.job.program.graphs.inner
  const operator = nodes.findLastIndex(node => node.operator === kind)
  const liar = lyingTraces(honest, { about: 'element', run: 1, operator, leaf: 0 })
  const claimed = await claimedBy(liar, subject)
  const [first, ...others] = job.claim.checkpointRoots
  const checkpointRoots = [claimed.targets[0]!.root, ...others]
  expect(first).not.toBe(checkpointRoots[0])
  return { liar, claim: { ...job.claim, checkpointRoots }, operator }
}

/** What the chain tells of a game that was played on it: each move leads where the rules say. */
async function expectToldAgain(game: number): Promise<void> {
  const { subject, start, moves } = (await readGameMoves(network.submitter, game, { withGas: true }))!
  let position = start
  for (const { by, move, after, gasUsed } of moves) {
    expect(by).toBe(position.toMove)
    expect(applyMove(rules, subject, position, move)).toEqual({ result: 'moved', position: after })
    expect(gasUsed).toBeGreaterThan(21_000n)
    position = after
  }
  expect((await readPosition(network.submitter, game))?.position).toEqual(position)
  expect(moves.length).toBeGreaterThan(5)
}

const clients = (): Players['clients'] => ({ defender: network.workers[1], challenger: network.challenger })
const document = (digit: string): HashHex => digit.repeat(64) as HashHex

it('a wrong element loses its worker the bond, and the job its round', async () => {
  const { liar, claim } = await lieAbout('adamw')
  const { charge, anchor } = await anchorDisputed(network, hash, job, claim, document('a'))
  const before = await readBalances(network.challenger, accountOf(network.workers[1]))
  const { game } = mustBe(await openGame(network.challenger, { ...charge, part: 0 }))
  const players = { traces: { defender: liar, challenger: honest }, clients: clients() }
  expect(await readGameMoney(network.submitter, game)).toBeUndefined()
  expect(await playOnContract(rules, game, players)).toBeUndefined()
  const played = await readGame(network.challenger, game)
  expect(played).toMatchObject({ state: 'refuted' })
  const after = await readBalances(network.challenger, accountOf(network.workers[1]))
  const money = (await readGameMoney(network.submitter, game))!
  expect(money.slash).toMatchObject({ loser: played.defender, winner: played.challenger })
  expect(money.slash!.amount).toBe(before.stake - after.stake)
  expect(money.pot).toMatchObject({ amount: money.slash!.rest })
  await expectToldAgain(game)
  expect(await listGames(network.submitter, { job: anchor.job })).toMatchObject([played])
  expect(await listGames(network.submitter, { job: anchor.job, account: accountOf(network.workers[0]) })).toEqual([])
  expect(await readAnchors(network.challenger, anchor.job)).toMatchObject({ rounds: 0 })
})

it('a false accuser loses its bond, and the claim stands', async () => {
  const { liar } = await lieAbout('contract')
  const { charge, anchor } = await anchorDisputed(network, hash, job, job.claim, document('b'))
  const before = await readBalances(network.challenger, accountOf(network.challenger))
  const { game } = mustBe(await openGame(network.challenger, { ...charge, part: 0 }))
  const players = { traces: { defender: honest, challenger: liar }, clients: clients() }
  expect(await playOnContract(rules, game, players)).toMatch(/MoveRefused|Reverted/)
  expect(await endLateGame(network.coordinator, game)).toMatchObject({ ok: false, code: 'ClockRunning' })
  await network.advance(130)
  const running = await readGame(network.challenger, game)
  expect(running).toMatchObject({ state: 'open' })
  expect(await listGames(network.submitter, { job: anchor.job, account: running.challenger })).toMatchObject([running])
  mustBe(await endLateGame(network.coordinator, game))
  expect(await readGame(network.challenger, game)).toMatchObject({ state: 'defended' })
  const money = await readGameMoney(network.submitter, game)
  expect(money?.slash).toMatchObject({ loser: running.challenger, winner: running.defender, amount: running.bond })
  const after = await readBalances(network.challenger, accountOf(network.challenger))
  expect(after.stake).toBeLessThan(before.stake)
  expect(await readAnchors(network.challenger, anchor.job)).toMatchObject({ rounds: 1 })
})

it('a unit that began from another state is refuted as soon as it is challenged', async () => {
  const claim = { ...job.claim, replicaRoot: document('7') }
  const { charge, anchor } = await anchorDisputed(network, hash, job, claim, document('c'))
  const { game } = mustBe(await openGame(network.challenger, { ...charge, part: 0 }))
  expect(await readGame(network.challenger, game)).toMatchObject({ state: 'refuted' })
  expect(await readAnchors(network.challenger, anchor.job)).toMatchObject({ rounds: 0 })
})

it('a game that was played elsewhere goes on from the last position that the other side signed', async () => {
  const { liar, claim } = await lieAbout('adamw')
  const { charge } = await anchorDisputed(network, hash, job, claim, document('d'))
  const { game } = mustBe(await openGame(network.challenger, { ...charge, part: 0 }))
  const players = { traces: { defender: liar, challenger: honest }, clients: clients() }
  const { subject, position: first } = (await readPosition(network.challenger, game))!
  // Everything but the last move is said off the chain: each position signed by the side that made it.
  let [position, shown] = [first, NOTHING_SHOWN]
  let signed: { position: Position; signature: `0x${string}` } | undefined
  for (;;) {
    const side = position.toMove
    const move = await moveOf(rules, side, players, subject, position, shown)
    const next = applyMove(rules, subject, position, move)
    if (next.result !== 'moved') {
      const late = { game, subject, position, move }
      expect(side).toBe('challenger')
      expect(await moveGame(network.challenger, late)).toMatchObject({ ok: false, code: 'OtherPosition' })
      const forged = await signPosition(network.challenger, late)
      expect(await resumeGame(network.challenger, late, forged)).toMatchObject({ ok: false, code: 'NotSigned' })
      expect(signed?.position).toEqual(position)
      mustBe(await resumeGame(network.challenger, late, signed!.signature))
      break
    }
    shown = remember(shown, position, move, next.position)
    position = next.position
    signed = { position, signature: await signPosition(players.clients[side], { game, subject, position }) }
  }
  expect(await readGame(network.challenger, game)).toMatchObject({ state: 'refuted' })
})
