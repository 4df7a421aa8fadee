import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { traceVectors } from './node-vectors.ts'

test('vectors/proof/traces.json is what programs and traces of the tiny jobs are', async () => {
  const committed = readFileSync(new URL('../../../../vectors/proof/traces.json', import.meta.url), 'utf8')
  expect(committed).toBe(await traceVectors())
})
