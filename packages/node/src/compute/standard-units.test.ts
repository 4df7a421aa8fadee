import { wasm } from '@cairn/engine'
import { standardUnit } from '@cairn/training'
import { afterEach, expect, test } from 'vitest'
import { sha256 } from '../files/hash.ts'
import { type StandardUnits, standardUnits } from './standard-units.ts'

let units: StandardUnits
afterEach(() => units.stop())

const expected = (seed: number) => standardUnit({ seed, threads: 1, backend: wasm, hash: sha256 })

test('standard units come to the same on threads of their own, in order, and again when their thread has ended', async () => {
  units = standardUnits(2)
  const order: number[] = []
  const run = (seed: number) => units.run(seed).finally(() => order.push(seed))
  expect(await Promise.all([run(3), run(1)])).toEqual([await expected(3), await expected(1)])
  expect(order).toEqual([3, 1])
  expect(await run(3)).toEqual(await expected(3))
})

test('who waits for a standard unit when all ends is told so, and who asks later', async () => {
  units = standardUnits(1)
  const asked = [1, 2].map(seed => units.run(seed))
  const answers = Promise.allSettled(asked)
  await asked[0]?.then(() => units.stop())
  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  await expect(units.run(3)).rejects.toMatchObject({ code: 'StandardUnitStopped' })
})
