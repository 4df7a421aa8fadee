import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { settlementVectors } from './testing/vectors.ts'

it('are the committed ones', () => {
  for (const [name, text] of Object.entries(settlementVectors())) {
    const committed = readFileSync(new URL(`../../../vectors/network/${name}`, import.meta.url), 'utf8')
    expect(text, 'run node packages/contracts/build/vectors.ts').toBe(committed)
  }
})

it('have a lone leaf for a root, hashed as the specification says', () => {
  const { cases } = JSON.parse(settlementVectors()['earnings.json']!)
  const single = cases.find((one: { leaves?: object[] }) => one.leaves?.length === 1)
  expect(single.root).toBe(single.leaves[0].leafHash)
})
