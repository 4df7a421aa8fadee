import { wasm } from '@cairn/engine'
import { expect, test } from 'vitest'
import { nodeHash } from '../testing/node-hash.ts'
import { standardUnit } from './standard-unit.ts'

const unit = (seed: number, threads = 1) => standardUnit({ seed, threads, backend: wasm, hash: nodeHash })

test('the standard unit comes to one root, whoever does it, and to another for every seed', async () => {
  const first = await unit(2 ** 32 - 1)
  expect(first).toEqual({
    root: '592f05cdb504a0bee4a18b4d6e0e84b9e2caaf79f580c618d8232f7c0f9c1a40',
    operations: 9_694_065_792n,
  })
  expect(await unit(2 ** 32 - 1, 2)).toEqual(first)
  expect((await unit(0)).root).not.toBe(first.root)
})
