/** Attestations on real contracts: who signs for what does not follow loses a bond; who is right wins, whatever its worker does. */
import {
  type ChainClient,
  endLateGame,
  finaliseRound,
  type LocalChain,
  listWrongs,
  localParameters,
  openGame,
  readAnchors,
  readBalances,
  readGame,
  readGameEvidence,
  readGameMoney,
  releaseBond,
  startLocalChain,
} from '@cairn/contracts'
import { sha256 } from '@cairn/primitives'
import { type Anchor, DIVERGED, type TraceProvider, type UnitClaim } from '@cairn/protocol'
import { createReferee } from '@cairn/training'
import { claimedBy, lyingTraces, type TracedJob, tinyDigits, traceJob, tracesOf } from '@cairn/training/conformance'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import {
  accountOf,
  anchorDisputed,
  type DisputedRound,
  type DisputeNetwork,
  startDisputeNetwork,
} from './disputed-round.ts'
import { judged } from './kept-evidence.ts'
import { anchorNext, attestedBy } from './next-round.ts'
import { playOnContract } from './play-on-contract.ts'

const rules = { hash: sha256, referee: createReferee(sha256) }
/** Of the coordinator's stake: beside its bonds as a verifier it holds the lease of each job. */
const BOND = localParameters.challengeBond

/** What a unit leaves behind that left the domain when it was made. */
const DIVERGED_UPDATE = { updateRoot: DIVERGED, newReplicaRoot: DIVERGED, lossBits: 0 }

let chain: LocalChain
let network: DisputeNetwork
let job: TracedJob
let honest: ReturnType<typeof tracesOf>
let liar: TraceProvider
let wrong: UnitClaim
let verifier: ChainClient
let jobs = 0
beforeAll(async () => {
  chain = await startLocalChain()
  network = await startDisputeNetwork(chain)
  verifier = network.coordinator
  job = await traceJob(tinyDigits())
  honest = tracesOf(job)
  const operator = job.job.program.graphs.inner.nodes.findLastIndex(node => node.operator === 'adamw')
  liar = lyingTraces(honest, { about: 'element', run: 1, operator, leaf: 0 })
  const { targets } = await claimedBy(liar, job.subjects.first)
  wrong = { ...job.claim, checkpointRoots: job.claim.checkpointRoots.with(0, targets[0]!.root) }
})
afterAll(async () => {
  await honest?.close()
  await chain?.stop()
})
let bonds: bigint
beforeEach(async () => {
  bonds = await lockedOf(verifier)
})

const stakeOf = async (client: ChainClient) => (await readBalances(client, accountOf(client))).stake
const lockedOf = async (client: ChainClient) => (await readBalances(client, accountOf(client))).locked

interface Attested {
  readonly round: DisputedRound
  /** The link that pays for the attestation. */
  readonly link: Anchor
}

/** Round 0 with a claim of replica 1, and round 1 with an attestation to it. */
async function attested(claim: UnitClaim, said: Partial<Parameters<typeof attestedBy>[2]> = {}): Promise<Attested> {
  const document = (++jobs).toString(16).padStart(64, 'a') as never
  const round = await anchorDisputed(network, sha256, job, claim, document)
  const audit = await attestedBy(verifier, round.anchor, { index: 1, segment: 0, ...said })
  return { round, link: await anchorNext(network, round.anchor, [audit]) }
}

/** Round 0 with a claim of replica 1 that it left the domain: nothing comes after it. */
const closed = (claim: UnitClaim, isEvaluated = false): Promise<DisputedRound> =>
  anchorDisputed(network, sha256, job, claim, (++jobs).toString(16).padStart(64, 'a') as never, isEvaluated)

/** Challenges it. */
const challenged = ({ round, link }: Attested, change: object = {}) =>
  openGame(network.challenger, { ...round.charge, anchor: link, position: link.works.length, part: 0, ...change })

async function gameOf(one: Attested, change: object = {}): Promise<number> {
  const opened = await challenged(one, change)
  if (!opened.ok) throw new Error(opened.reason)
  return opened.game
}

const players = (defender: TraceProvider, challenger: TraceProvider) => ({
  traces: { defender, challenger },
  clients: { defender: verifier, challenger: network.challenger },
})

async function expectJudged(game: number): Promise<void> {
  const read = await readGameEvidence(network.submitter, game)
  expect(read.ok && judged(read.evidence).differences).toEqual([])
}

it('a verifier that attests to a wrong segment loses its bond, and no round is taken back', async () => {
  const one = await attested(wrong)
  const [stake, submitters] = [await stakeOf(verifier), await readBalances(verifier, accountOf(network.submitter))]
  const game = await gameOf(one)
  expect(await playOnContract(rules, game, players(liar, honest))).toBeUndefined()
  expect(await readGame(network.submitter, game)).toMatchObject({ state: 'refuted', isAttestation: true })
  const money = await readGameMoney(network.submitter, game)
  const { challengerReward } = localParameters
  const reward = challengerReward < BOND / 2n ? challengerReward : BOND / 2n
  const rest = BOND / 2n - reward
  expect(money?.slash).toMatchObject({ loser: accountOf(verifier), amount: BOND, reward, burned: BOND / 2n, rest })
  expect(money?.pot).toBeUndefined()
  expect(stake - (await stakeOf(verifier))).toBe(BOND)
  const after = await readBalances(verifier, accountOf(network.submitter))
  expect(after.tokens - submitters.tokens).toBe(rest)
  expect(await readAnchors(verifier, one.link.job)).toMatchObject({ rounds: 2 })
  const attestations = one.link.audits.map(({ signature }) => signature)
  expect(await listWrongs(network.submitter, one.link.job)).toEqual({ wrongs: [], attestations })
  await expectJudged(game)
  // What is slashed is not freed once more.
  await network.advance(600)
  for (const anchor of [one.round.anchor, one.link])
    expect(await finaliseRound(verifier, anchor)).toMatchObject({ ok: true })
  expect(await lockedOf(verifier)).toBe(bonds + localParameters.leaseBond)
})

it('a verifier that is right wins though its worker loses on purpose, and gets its bond back', async () => {
  const one = await attested(job.claim)
  const locked = bonds + localParameters.leaseBond + BOND
  const { game: lost } = (await openGame(network.challenger, { ...one.round.charge, part: 0 })) as { game: number }
  await network.advance(121)
  expect(await endLateGame(network.submitter, lost)).toMatchObject({ ok: true })
  expect(await readGame(network.submitter, lost)).toMatchObject({ state: 'refuted' })
  expect(await readAnchors(verifier, one.link.job)).toMatchObject({ rounds: 0 })
  const game = await gameOf(one)
  expect(await playOnContract(rules, game, players(honest, liar))).toMatch(/MoveRefused|Reverted/)
  const place = one.link.works.length
  await network.advance(480)
  expect(await lockedOf(verifier)).toBe(locked)
  expect(await releaseBond(verifier, one.link, place)).toMatchObject({ ok: false, code: 'DisputeOpen' })
  expect(await endLateGame(network.submitter, game)).toMatchObject({ ok: true })
  expect(await readGame(network.submitter, game)).toMatchObject({ state: 'defended' })
  expect(await releaseBond(verifier, one.link, place)).toMatchObject({ ok: true })
  expect(await lockedOf(verifier)).toBe(locked - BOND)
  expect(await releaseBond(verifier, one.link, place)).toMatchObject({ ok: false, code: 'BondGone' })
  await expectJudged(game)
})

it('who attests to all of a unit answers for each of its parts', async () => {
  const one = await attested(wrong, { segment: job.provable.checkpoints })
  const last = await challenged(one, { part: job.provable.checkpoints + 1 })
  expect(last).toMatchObject({ ok: false, code: 'BadPart' })
  const game = await gameOf(one)
  expect(await playOnContract(rules, game, players(liar, honest))).toBeUndefined()
  expect(await readGame(network.submitter, game)).toMatchObject({ state: 'refuted' })
})

it('is challenged about the segment that it names alone', async () => {
  const one = await attested(wrong, { segment: 1 })
  expect(await challenged(one)).toMatchObject({ ok: false, code: 'BadPart' })
  const other = await challenged(one, { claims: [job.claim], part: 1 })
  expect(other).toMatchObject({ ok: false, code: 'OtherClaim' })
})

it('is refuted as soon as it is challenged where it is to a segment that there is not', async () => {
  const game = await gameOf(await attested(job.claim, { segment: job.provable.checkpoints + 1 }))
  expect(await readGame(network.submitter, game)).toMatchObject({ state: 'refuted' })
  await expectJudged(game)
})

it('is not taken to another claim than its unit has', async () => {
  await expect(attested(job.claim, { claim: '7'.repeat(64) as never })).rejects.toThrow('BadAudits')
})

it('a claim that no unit can have come to is refuted as soon as it is challenged, and so is who attests to it', async () => {
  const { checkpointRoots, updateRoot } = job.claim
  const last = job.provable.checkpoints
  const impossible = [
    [{ checkpointRoots: checkpointRoots.slice(1) }, 0, 0],
    [{ checkpointRoots: [DIVERGED, ...checkpointRoots.slice(1)] }, 1, 1],
    [{ checkpointRoots: checkpointRoots.with(-1, DIVERGED), newReplicaRoot: DIVERGED, updateRoot }, last, last - 1],
  ] as const
  for (const [change, part, segment] of impossible) {
    const one = await attested({ ...job.claim, ...change }, { segment })
    const attestation = await gameOf(one, { part })
    expect(await readGame(network.submitter, attestation)).toMatchObject({ state: 'refuted', isAttestation: true })
    const unit = await openGame(network.challenger, { ...one.round.charge, part })
    if (!unit.ok) throw new Error(unit.reason)
    expect(await readGame(network.submitter, unit.game)).toMatchObject({ state: 'refuted', isAttestation: false })
    await expectJudged(unit.game)
    await expectJudged(attestation)
  }
  for (const change of [{ updateRoot: DIVERGED }, { ...DIVERGED_UPDATE, lossBits: job.claim.lossBits }]) {
    const { charge } = await closed({ ...job.claim, ...change })
    const unit = await openGame(network.challenger, { ...charge, part: last })
    if (!unit.ok) throw new Error(unit.reason)
    expect(await readGame(network.submitter, unit.game)).toMatchObject({ state: 'refuted' })
    await expectJudged(unit.game)
  }
})

it('who says that what a unit leaves behind left the domain plays about that, and no end of it did not', async () => {
  const { charge } = await closed({ ...job.claim, ...DIVERGED_UPDATE })
  const part = job.provable.checkpoints
  const unit = await openGame(network.challenger, { ...charge, part })
  if (!unit.ok) throw new Error(unit.reason)
  expect(await readGame(network.submitter, unit.game)).toMatchObject({ state: 'open' })
  await network.advance(121)
  expect(await endLateGame(network.submitter, unit.game)).toMatchObject({ ok: true })
  const read = await readGameEvidence(network.submitter, unit.game)
  const roots = read.ok && read.evidence.subject.targets.map(({ root }) => root)
  expect(roots).toEqual([DIVERGED, DIVERGED, DIVERGED])
  await expectJudged(unit.game)
})

it('an outer step that went on from a unit that left the domain is refuted as soon as it is challenged', async () => {
  const round = await closed({ ...job.claim, ...DIVERGED_UPDATE }, true)
  const { claims } = round.charge
  const charge = { ...round.charge, isOuter: true, part: 0, position: 0, claims: [job.claim, ...claims] }
  const outer = await openGame(network.challenger, charge)
  if (!outer.ok) throw new Error(outer.reason)
  expect(await readGame(network.submitter, outer.game)).toMatchObject({ state: 'refuted', isOuter: true })
  await expectJudged(outer.game)
})

it('nothing was done after a unit left the domain, so that is not disputed', async () => {
  const roots = job.claim.checkpointRoots.map(() => DIVERGED)
  const { charge } = await closed({ ...job.claim, checkpointRoots: roots, ...DIVERGED_UPDATE })
  for (const part of [1, job.provable.checkpoints])
    expect(await openGame(network.challenger, { ...charge, part })).toMatchObject({
      ok: false,
      code: 'BadPart',
    })
})
