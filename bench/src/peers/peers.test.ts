import { afterAll, beforeAll, expect, test } from 'vitest'
import { availablePeers, type Peer, startPeer } from './driver.ts'

/** Cairn rounds its products to eight bits and has a test of its own; these are float against float. */
const floatPeers = availablePeers().filter(peer => peer.missing === null && peer.name !== 'cairn')

let peers: Peer[] = []

beforeAll(async () => {
  peers = await Promise.all(floatPeers.map(peer => startPeer(peer.name, 'mlp')))
})

afterAll(() => Promise.all(peers.map(peer => peer.close())))

const spread = (values: readonly number[]) => Math.max(...values) - Math.min(...values)

test('tfjs and jax-js run wherever the repository is installed', () => {
  expect(floatPeers.map(peer => peer.name)).toEqual(expect.arrayContaining(['tfjs', 'jax-js']))
})

test('peers start from the same loss', () => {
  expect(spread(peers.map(peer => peer.firstLoss))).toBeLessThan(1e-4)
})

test('Cairn starts from the same loss, but for its rounding, and learns', async () => {
  const cairn = await startPeer('cairn', 'mlp')
  expect(spread([cairn.firstLoss, peers[0]!.firstLoss])).toBeLessThan(0.02)
  let last = cairn.firstLoss
  for (let i = 0; i < 5; i++) last = (await cairn.step()).loss
  expect(last).toBeLessThan(cairn.firstLoss / 2)
  expect((await cairn.close()).peakRssBytes).toBeGreaterThan(cairn.baselineRssBytes)
})

test('peers train the same model: their losses stay together while they fall', async () => {
  let last = peers[0]!.firstLoss
  for (let i = 0; i < 5; i++) {
    const losses = await Promise.all(peers.map(async peer => (await peer.step()).loss))
    expect(spread(losses)).toBeLessThan(1e-3)
    last = losses[0]!
  }
  expect(last).toBeLessThan(peers[0]!.firstLoss / 2)
})
