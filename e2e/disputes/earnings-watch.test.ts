/** Nodes find wrong earnings by themselves: real contracts, real nodes' eyes, a coordinator that pays itself. */
import {
  assertEarnings,
  type ChainClient,
  countEarnings,
  earningsTree,
  finaliseRound,
  readEarnings,
  readNode,
  settleEarnings,
} from '@cairn/contracts'
import { earningsWatch, watchChain } from '@cairn/node/parts'
import { type Account, type Anchor, type Counts, noCounts } from '@cairn/protocol'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CHALLENGE_SECONDS, mustBe, openStage } from '../zoo/stage.ts'
import { anchorClaim } from '../zoo/stage-games.ts'
import { accountOf } from './disputed-round.ts'
import { anchorNext } from './next-round.ts'

type Said = readonly (readonly [Account, Partial<Counts>])[]

let stage: Awaited<ReturnType<typeof openStage>>
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage?.close())

/** A node as far as it watches earnings. */
async function eyesOf(client: ChainClient) {
  const said: string[] = []
  const log = {
    info: (_: object, text: string) => void said.push(text),
    warn: (_: object, text: string) => void said.push(text),
  }
  const chain = await watchChain({
    client,
    minimumStake: 0n,
    pollMs: 50,
    log: { ...log, error: log.warn },
    onChange: () => undefined,
  })
  const watch = earningsWatch({ client, chain, log, challengeSeconds: CHALLENGE_SECONDS })
  return {
    said,
    async look() {
      await chain.refresh()
      await watch.look()
    },
    stop: chain.stop,
  }
}

const assertion = ({ job }: Anchor, rounds: number, said: Said) => ({
  ...{ job, epoch: 1, rounds, isFinal: false },
  leaves: earningsTree(said.map(([account, counts]) => ({ job, account, counts: { ...noCounts, ...counts } }))).leaves,
})

const pendingOf = async (client: ChainClient, { job }: Anchor) => (await readEarnings(client, job)).pending

it('wrong earnings are challenged by whoever looks, right ones are not, and every window counts on from what is settled', async () => {
  const { anchor: first } = await anchorClaim(stage, stage.job.claim)
  const { coordinator, neighbour, worker, challenger } = stage.parties
  const [own, one, two] = [coordinator, neighbour, worker].map(accountOf) as [Account, Account, Account]
  const { network } = stage
  const [eyes, others] = [await eyesOf(challenger), await eyesOf(worker)]
  const stakeOf = async () => (await readNode(coordinator, own)).stake
  const staked = await stakeOf()
  await network.advance(CHALLENGE_SECONDS)
  mustBe(await finaliseRound(worker, first))

  // It takes a unit of a worker for itself.
  mustBe(
    await assertEarnings(
      coordinator,
      assertion(first, 1, [
        [own, { trained: 1n, coordinated: 1n }],
        [one, { trained: 1n }],
      ]),
    ),
  )
  await Promise.all([eyes.look(), others.look()])
  expect(await pendingOf(coordinator, first)).toBeUndefined()
  expect(await stakeOf()).toBe(staked - 10_000_000n)
  expect([...eyes.said, ...others.said]).toContain('wrong earnings are gone, and their bond with them')

  // The right ones stand, and are settled.
  const right: Said = [
    [own, { coordinated: 1n }],
    [one, { trained: 1n }],
    [two, { trained: 1n }],
  ]
  mustBe(await assertEarnings(coordinator, assertion(first, 1, right)))
  await eyes.look()
  expect(await pendingOf(coordinator, first)).toBeDefined()
  await network.advance(CHALLENGE_SECONDS)
  mustBe(await settleEarnings(worker, first.job))

  // It leaves a worker out, on top of what is settled.
  const second = await anchorNext(stage.network, first, [])
  await network.advance(CHALLENGE_SECONDS)
  mustBe(await finaliseRound(worker, second))
  const withheld: Said = [
    [own, { coordinated: 2n }],
    [one, { trained: 2n }],
    [two, { trained: 1n }],
  ]
  mustBe(await assertEarnings(coordinator, assertion(first, 2, withheld)))
  await eyes.look()
  expect(await pendingOf(coordinator, first)).toBeUndefined()
  const all: Said = [
    [own, { coordinated: 2n }],
    [one, { trained: 2n }],
    [two, { trained: 2n }],
  ]
  mustBe(await assertEarnings(coordinator, assertion(first, 2, all)))
  await eyes.look()
  await others.look()
  expect(await pendingOf(coordinator, first)).toBeDefined()
  eyes.stop()
  others.stop()
})

it.each([1, 2])(
  'wrong earnings of which the asserter has counted %i links first are challenged all the same',
  async counted => {
    const { anchor: first } = await anchorClaim(stage, stage.job.claim)
    const { coordinator, neighbour, worker, challenger } = stage.parties
    const accounts = [coordinator, neighbour, worker].map(accountOf) as [Account, Account, Account]
    const second = await anchorNext(stage.network, first, [])
    await stage.network.advance(CHALLENGE_SECONDS)
    mustBe(await finaliseRound(worker, first))
    mustBe(await finaliseRound(worker, second))
    const eyes = await eyesOf(challenger)
    mustBe(await assertEarnings(coordinator, assertion(first, 2, [[accounts[0], { trained: 4n, coordinated: 2n }]])))
    const links = [first, second].slice(0, counted)
    for (const account of accounts) mustBe(await countEarnings(coordinator, first.job, account, links))
    await eyes.look()
    expect(await pendingOf(coordinator, first)).toBeUndefined()
    expect(eyes.said.at(-1)).toBe('wrong earnings are gone, and their bond with them')
    eyes.stop()
  },
)

it('no leaf counts nothing: the more there are, the harder they are to show once more', async () => {
  const { anchor: first } = await anchorClaim(stage, stage.job.claim)
  const { coordinator, neighbour, worker } = stage.parties
  await stage.network.advance(CHALLENGE_SECONDS)
  mustBe(await finaliseRound(worker, first))
  const said = assertion(first, 1, [
    [accountOf(coordinator), { coordinated: 1n }],
    [accountOf(neighbour), {}],
  ])
  expect(await assertEarnings(coordinator, said)).toMatchObject({ ok: false, code: 'EmptyLeaf' })
})
