/** Attestations of others to units that a verifier has audited, on a real chain: those that it knows to be wrong are challenged. */
import { anchorHead } from '@cairn/contracts'
import type { AuditDraw } from '@cairn/node/parts'
import type { HashHex } from '@cairn/primitives'
import { afterAll, expect, it } from 'vitest'
import { bad, startAuditedNetwork } from './audited-network.ts'
import { anchorDone } from './audited-round.ts'
import { accountOf } from './disputed-round.ts'
import { until } from './game-nodes.ts'
import { anchorNext, attestedBy } from './next-round.ts'
import { verifierNode } from './verifier-node.ts'

const audited = await startAuditedNetwork()
const { network, workshop, mine, anchorAndDraw, gamesAbout } = audited
afterAll(audited.stop)

it('challenges who attested to what was not done, in games of their own', async () => {
  const lied = await anchorDone(network, workshop, '3', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const { coordinator } = network
  const wrong = await attestedBy(coordinator, lied.anchor, { index: 1, segment: 0 })
  const link = await anchorNext(network, lied.anchor, [wrong])
  await mine()
  const node = verifierNode(audited)
  const { stop } = await node.start(draw => (draw.head === anchorHead(lied.anchor) ? draw : { ...draw, orders: [] }))
  await until(async () => (await gamesAbout(lied)).length === 2)
  const about = async (head: HashHex) =>
    (await gamesAbout(lied)).filter(game => game.head === head).sort((a, b) => a.position - b.position)
  expect(await about(anchorHead(lied.anchor))).toMatchObject([{ position: 1, isAttestation: false, state: 'open' }])
  expect(await about(anchorHead(link))).toMatchObject([
    { position: 2, isAttestation: true, defender: accountOf(coordinator), state: 'open' },
  ])
  expect(node.said.filter(text => /^opened game \d+ about the attestation of 0x/.test(text))).toHaveLength(1)
  stop()
})

it('leaves alone who attested to what it found itself, and to what follows from a wrong start', async () => {
  const lied = await anchorDone(network, workshop, '4', { unit: { checkpointRoots: [bad('b'), bad('c')] } })
  const { coordinator } = network
  const right = await attestedBy(coordinator, lied.anchor, { index: 0, segment: 0 })
  const after = await attestedBy(coordinator, lied.anchor, { index: 1, segment: 1 })
  const link = await anchorNext(network, lied.anchor, [right, after])
  const isFirst = ({ head }: AuditDraw) => head === anchorHead(lied.anchor)
  await mine()
  const node = verifierNode(audited)
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
