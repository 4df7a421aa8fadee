/** `cairn dispute` about real games on a real chain: one that the chain saw, one that it did not, and those that ended early. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createScreen, main } from '@cairn/cli'
import {
  type CallResult,
  type ChainClient,
  dissolveGame,
  endLateGame,
  type GameCharge,
  type LocalChain,
  openGame,
  readGame,
  signPosition,
  startLocalChain,
} from '@cairn/contracts'
import { openChallenge } from '@cairn/node/parts'
import { encodeHex, encodeUtf8, type HashHex, keccak256, sha256 } from '@cairn/primitives'
import { encodeEvidence, type TraceProvider } from '@cairn/protocol'
import { submissionOf } from '@cairn/training'
import { claimedBy, lyingTraces, type TracedJob, tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { accountOf, anchorDisputed, type DisputeNetwork, startDisputeNetwork } from './disputed-round.ts'
import { postOffice } from './game-mail.ts'
import { computeBy, startGameNode } from './game-nodes.ts'
import { keptEvidence } from './kept-evidence.ts'

const directory = mkdtempSync(join(tmpdir(), 'cairn-dispute-'))
const at = (name: string): string => join(directory, name)

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
  const { rpcUrl, chainId } = chain
  const { escrow } = network.submitter.addresses
  const file = { format: 'cairn/network/v1', rpcUrl, chainId, escrow, bootstrap: [], hasFaucet: true }
  writeFileSync(at('network.json'), JSON.stringify(file))
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})
afterAll(async () => {
  await honest?.close()
  await chain?.stop()
  rmSync(directory, { recursive: true })
})

/** Runs `cairn dispute` in this process. */
async function dispute(...args: readonly string[]) {
  let [out, err] = ['', '']
  const stdout = { write: (text: string) => (out += text) }
  const stderr = { write: (text: string) => (err += text) }
  const screen = createScreen({ stdout, stderr, env: {} })
  const code = await main(['dispute', ...args, '--network', at('network.json')], screen)
  return { code, out, err, event: () => JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown> }
}

const event = async (...args: readonly string[]) => (await dispute(...args, '--json')).event()

/** A round whose unit of replica 1 is wrong about one element of the last `adamw` of its second step. */
async function wrongRound(salt: string) {
  const operator = job.job.program.graphs.inner.nodes.findLastIndex(node => node.operator === 'adamw')
  const liar = lyingTraces(honest, { about: 'element', run: 1, operator, leaf: 0 })
  const { targets } = await claimedBy(liar, job.subjects.first)
  const claim = { ...job.claim, checkpointRoots: job.claim.checkpointRoots.with(0, targets[0]!.root) }
  return { liar, operator, ...(await round(salt, claim)) }
}

async function round(salt: string, claim: TracedJob['claim']) {
  const { blobs, documentId } = submissionOf(sha256, {
    ...{ program: job.job.program, data: job.job.data, initialRoot: job.provable.initialRoot, stepMemoryBytes: 1 },
    network: { chainId: chain.chainId, escrow: network.submitter.addresses.escrow.toLowerCase() },
    ...{ submitter: accountOf(network.submitter).toLowerCase(), salt: salt.repeat(64) as HashHex },
  })
  const { charge } = await anchorDisputed(network, sha256, job, claim, documentId)
  return { blobs, charge: { ...charge, part: 0 } }
}

/** Two nodes play a game to its end, by messages where there is an office. Returns what the winner has kept of it. */
async function playedBy(
  { blobs, liar, charge }: { readonly liar: TraceProvider } & Awaited<ReturnType<typeof round>>,
  office?: ReturnType<typeof postOffice>,
) {
  const nodeOf = async (client: ChainClient, traces: TraceProvider) => {
    const mail = office && { mail: { office, seed: network.seeds.get(accountOf(client))! } }
    const node = await startGameNode(client, { blobs, compute: computeBy(() => traces).compute, ...mail })
    closers.push(node.stop)
    return node
  }
  const challenger = await nodeOf(network.challenger, honest)
  await nodeOf(network.workers[1], liar)
  const opened = await openChallenge(challenger.parts, charge)
  if (!opened.ok) throw new Error(opened.reason)
  return { game: opened.game, ...(await keptEvidence(challenger, opened.game)) }
}

function mustBe<T>(result: CallResult<T>): T {
  if (!result.ok) throw new Error(result.reason)
  return result
}

const openedBy = async (client: ChainClient, charge: GameCharge): Promise<number> =>
  mustBe(await openGame(client, charge)).game

it('a game on the chain is listed, shown down to its last operation, exported, and judged again', async () => {
  const lied = await wrongRound('a')
  const { game, path: kept, bundle } = await playedBy(lied)
  expect((await dispute('list')).out).toMatch(/replica 1 .*refuted/)
  const shown = await dispute('show', `${game}`)
  expect(shown.code).toBe(0)
  expect(shown.out).toMatch(/unit +replica 1: steps 1 to \d+ of the job/)
  expect(shown.out).toMatch(/step +step 2 of the job/)
  expect(shown.out).toMatch(new RegExp(`operator +${lied.operator} of \\d+: adamw, f32\\[[\\d, ]+\\]`))
  expect(shown.out).toMatch(/element +\[[\d, ]+\], number \d+ of/)
  expect(shown.out).toMatch(/operation +the element, by the code of adamw/)
  expect(shown.out).toMatch(/claimed +0x[0-9a-f]{8} = [-\d.e]+\n +computed +0x[0-9a-f]{8} = [-\d.e]+/)
  expect(shown.out).toMatch(/verdict +refuted/)
  expect(shown.out).toMatch(/reward .*\n.*burned .*\n.*for victims/)

  const path = at('game.cbor')
  const exported = await dispute('export', `${game}`, '--out', path)
  expect(exported).toMatchObject({ code: 0, out: expect.stringMatching(/judged again: the chain was right/) })
  // The chain saw all of it, so the winner's node has kept the same.
  expect(readFileSync(kept)).toEqual(readFileSync(path))
  const fromChain = await event('replay', `${game}`)
  expect(await event('replay', '--evidence', path)).toEqual(fromChain)
  expect(fromChain).toMatchObject({
    ...{ event: 'judged', isRight: true, result: { winner: 'challenger', by: 'proof' } },
    path: { unit: 'replica 1', operator: { number: lied.operator, name: 'adamw' }, unitsApart: 1 },
    costs: { movesSaid: 0, movesUntold: 0 },
  })

  const changed = { ...bundle, result: { winner: 'defender', by: 'proof' } } as const
  writeFileSync(at('changed.cbor'), encodeEvidence(changed))
  const judged = await dispute('replay', '--evidence', at('changed.cbor'))
  expect(judged).toMatchObject({
    code: 1,
    out: expect.stringMatching(/winner\n +expected +challenger\n +found +defender/),
  })
  const bytes = readFileSync(path)
  writeFileSync(at('cut.cbor'), bytes.subarray(0, bytes.length - 9))
  expect(await dispute('replay', '--evidence', at('cut.cbor'))).toMatchObject({ code: 2 })
})

it('what was said by messages is in the bundle of the node that won, and counted by the chain', async () => {
  const { game, path: kept, bundle, said, untold } = await playedBy(await wrongRound('b'), postOffice())
  const fromChain = await event('replay', `${game}`)
  expect(fromChain).toMatchObject({ isRight: true, costs: { movesOnChain: 1 } })
  const own = await event('replay', '--evidence', kept)
  const { movesUntold, movesSaid } = fromChain.costs as { movesUntold: number; movesSaid: number }
  expect(movesUntold).toBe(movesSaid)
  expect(movesUntold).toBeGreaterThan(5)
  expect({ said, untold }).toEqual({ said: movesSaid, untold: 0 })
  expect(own).toMatchObject({ isRight: true, costs: { movesOnChain: 1, movesSaid, movesUntold: 0 } })
  expect(own.path).toEqual(fromChain.path)
  expect((await dispute('show', `${game}`)).out).toMatch(/moves by messages/)

  const { signature: other } = bundle.moves[2] as { readonly signature: `0x${string}` }
  const forged = { ...bundle, moves: bundle.moves.with(1, { ...bundle.moves[1]!, signature: other } as never) }
  writeFileSync(at('forged.cbor'), encodeEvidence(forged))
  const judged = await dispute('replay', '--evidence', at('forged.cbor'))
  expect(judged).toMatchObject({ code: 1, out: expect.stringMatching(/move 2 \(pick\)[\s\S]*signed/) })

  // A position that its side did sign, and that no game comes to, is a difference and no bug.
  const last = bundle.moves.at(-1)
  if (!last || !('transaction' in last) || !last.resumed) throw new Error('the game was not resumed')
  const { facts, ...rest } = last.resumed.position
  const codes: unknown[] = []
  for (const position of [
    { ...rest, tree: { leaves: 0, first: 9, span: 0 } },
    { ...rest, firstRun: 2 ** 32 - 1, children: [], isOpen: false },
    { ...rest, facts: { ...facts!, perLeaf: 0, elements: 0 }, phase: 'partials' as const },
  ]) {
    const signature = await signPosition(network.workers[1], { game, subject: bundle.subject, position })
    const wild = { ...bundle, moves: bundle.moves.with(-1, { ...last, resumed: { position, signature } }) }
    writeFileSync(at('wild.cbor'), encodeEvidence(wild))
    codes.push((await dispute('replay', '--evidence', at('wild.cbor'))).code)
  }
  // The proof says nothing of what the last one changes: the contract would have taken it, too.
  expect(codes).toEqual([1, 1, 0])
})

it('games that ended early, or have not, are told so', async () => {
  const { charge } = await round('c', { ...job.claim, replicaRoot: '7'.repeat(64) as HashHex })
  const atOnce = await openedBy(network.challenger, charge)
  expect(await event('replay', `${atOnce}`)).toMatchObject({
    ...{ isRight: true, result: { winner: 'challenger', by: 'start' }, moves: [] },
    path: { stretch: expect.stringMatching(/^steps 1 to/) },
  })
  const lied = await wrongRound('d')
  const open = await openedBy(network.coordinator, lied.charge)
  expect(await dispute('export', `${open}`, '--out', at('open.cbor'))).toMatchObject({
    code: 2,
    err: expect.stringMatching(/DisputeOpen[\s\S]*defender's turn until/),
  })
  const late = await openedBy(network.challenger, lied.charge)
  await network.advance(130)
  mustBe(await endLateGame(network.challenger, late))
  expect(await readGame(network.challenger, late)).toMatchObject({ state: 'refuted' })
  mustBe(await dissolveGame(network.challenger, open))
  expect(await event('replay', `${late}`)).toMatchObject({
    isRight: true,
    result: { winner: 'challenger', by: 'silence' },
  })
  expect(await event('replay', `${open}`)).toMatchObject({ isRight: true, result: { by: 'dissolved' } })
  expect((await dispute('show', `${open}`)).out).toMatch(/verdict +dissolved/)
})

/** Calls the contract that its first word names with the rest of what it is given. */
const FORWARDER = '0x601980600b6000396000f3602036038060206000376000600091600060006000355af100'

it('a game that another contract ended is shown as far as the chain tells it', async () => {
  const { charge } = await round('e', job.claim)
  const game = await openedBy(network.challenger, charge)
  await network.advance(130)
  const { reader, writer, addresses } = network.submitter
  const send = async (to: `0x${string}` | undefined, data: `0x${string}`) => {
    const { account, wallet } = writer!
    const hash = await wallet.sendTransaction({ account, chain: null, data, gas: 2_000_000n, ...(to && { to }) })
    return reader.waitForTransactionReceipt({ hash, pollingInterval: 5 })
  }
  const { contractAddress } = await send(undefined, FORWARDER)
  const selector = encodeHex(keccak256(encodeUtf8('timeout(uint256)'))).slice(0, 8)
  const word = (hex: string): string => hex.replace('0x', '').padStart(64, '0')
  await send(contractAddress!, `0x${word(addresses.disputes)}${selector}${word(game.toString(16))}`)
  expect(await readGame(network.challenger, game)).toMatchObject({ state: 'refuted' })
  expect(await dispute('replay', `${game}`)).toMatchObject({ code: 2, err: expect.stringContaining('HiddenCall') })
  expect(await dispute('show', `${game}`)).toMatchObject({ code: 0, out: expect.stringMatching(/state +refuted/) })
})

it.each([
  [['show', '99'], 'UnknownDispute'],
  [['export', 'x', '--out', at('none.cbor')], 'UnknownDispute'],
  [['export', '0', '--out', at('no/such/place.cbor')], 'NotWritable'],
  [['replay'], 'BadArguments'],
  [['replay', '0', '--evidence', at('game.cbor')], 'BadArguments'],
  [['replay', '--evidence', at('missing.cbor')], 'MissingFile'],
  [['replay', '--evidence', at('network.json')], 'BadEvidence'],
])('%j is refused', async (args, code) => {
  const ran = await dispute(...args)
  expect(ran.code).toBe(2)
  expect(ran.err).toContain(code)
  expect(ran.err).toMatch(/where .*\n +expected .*\n +found .*\n +to do /)
})
