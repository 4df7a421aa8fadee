import { leafRoot, leafRoots, sliceRoots } from '@cairn/primitives'
import { afterAll, expect, test } from 'vitest'
import { sha256 } from './hash.ts'
import { startHashThreads } from './hash-threads.ts'

const threads = startHashThreads(2)
const { hash } = threads
afterAll(() => threads.close())

const pattern = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 9)) & 255)

// A slice of 4,096-byte leaves; one of quantised blocks; leaves and slices cut short; nothing; more than a slot holds.
const trees = [0, 1, 4_096, 32_768, 261_888, 262_144, 262_145, 1_000_000, 3_000_001].flatMap((length, seed) =>
  [4_096, 4_092].map(leafSizeBytes => ({ bytes: pattern(length, seed), leafSizeBytes })),
)

test('helpers hash to the roots that one thread does, from their first moment on', async () => {
  // They start meanwhile, so that slices go to none, one and two of them.
  for (let round = 0; round < 40; round++) {
    expect(sliceRoots(hash, trees, 64)).toEqual(sliceRoots(sha256, trees, 64))
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(leafRoots(hash, trees)).toEqual(trees.map(tree => leafRoot(sha256, tree.bytes, tree.leafSizeBytes)))
  expect(sliceRoots(hash, trees, 1024)).toEqual(sliceRoots(sha256, trees, 1024))
})

test('slices are hashed without helpers that have ended', async () => {
  const ended = startHashThreads(1)
  await ended.close()
  expect(sliceRoots(ended.hash, trees, 64)).toEqual(sliceRoots(sha256, trees, 64))
})
